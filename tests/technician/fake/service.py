"""In place of firmware/kiosk/service.py: a technician has the parts of a board that has none."""

from kiosk import wire


class Service:
    def __init__(self, commands):
        self._link = commands.link
        self.upload = None
        self.over = wire.NO_SERVICE_END

    def extend(self, seconds):
        if not seconds:
            self.end(wire.ASKED)
            return
        self._link.event(wire.M_SERVICE, 1, seconds, 0, 0)

    def end(self, why):
        if self.upload is not None:
            self.upload.close()
        self._link.event(wire.M_SERVICE, 0, 0, why, 0)
        self.over = why

    def step(self):
        pass
