"""Wire protocol 1: message numbers, enumerations and bodies. The one module that both ends import.

Runs on MicroPython and CPython. The framing (COBS, CRC-32) lives where its speed matters: ``kiosk.link`` on the board,
``stillscan.link.framing`` on the host. PROTOCOL.md describes all of it; a test holds its tables against this module.
"""

import struct

try:
    from micropython import const
except ImportError:  # CPython: the value itself

    def const(value: int) -> int:
        return value


MAJOR = const(1)
MINOR = const(4)
MAX_FRAME = const(2048)  # bytes of type, sequence, body and CRC, before stuffing
MAX_COMMAND = const(160)  # the same for host -> device: what the board keeps room for
OVERHEAD = const(7)  # type u8, sequence u16, CRC-32 u32
TAG = const(8)  # bytes between body and CRC that prove a frame, in a session of paired ends

# host -> device
C_HELLO = const(0x01)
C_SUBSCRIBE = const(0x02)
C_CREDIT = const(0x03)
C_SWEEP = const(0x04)
C_FINISH = const(0x05)
C_SETTING_GET = const(0x06)
C_SETTING_SET = const(0x07)
C_HEALTH = const(0x08)
C_LOG = const(0x09)
C_CALIBRATE = const(0x0A)
C_RECOVER = const(0x0B)
C_INSTALLED = const(0x0C)
C_IDENTITY = const(0x0D)
C_COUNTERS = const(0x0E)
C_HISTORY = const(0x0F)
C_SERVICE = const(0x10)
C_MEASURE = const(0x11)
C_CALIBRATION = const(0x12)
C_UPLOAD = const(0x13)

# device -> host
M_HELLO = const(0x81)
M_STATE = const(0x82)
M_BAND = const(0x83)
M_SWEEP_BEGIN = const(0x84)
M_SWEEP_END = const(0x85)
M_ABORT = const(0x86)
M_HEALTH = const(0x87)
M_SETTING = const(0x88)
M_LOG = const(0x89)
M_ERROR = const(0x8A)
M_INSTALLED = const(0x8B)
M_IDENTITY = const(0x8C)
M_COUNTERS = const(0x8D)
M_HISTORY = const(0x8E)
M_SERVICE = const(0x8F)
M_LINE = const(0x90)
M_SAMPLE = const(0x91)
M_VALUE = const(0x92)
M_MEASURED = const(0x93)
M_CALIBRATION = const(0x94)
M_UPLOADED = const(0x95)

# what a host subscribes to (bits of SUBSCRIBE.streams)
STREAM_EVENTS = const(1)
STREAM_BANDS = const(2)
STREAM_HEALTH = const(4)
STREAM_SAMPLES = const(8)

# capabilities of a device (bits of HELLO.capabilities)
CAN_INFRARED = const(1)
CAN_DEPTH4 = const(2)
CAN_DEPTH8 = const(4)
CAN_CALIBRATE = const(8)

# STATES (kiosk.names)
START = const(0)
EMPTY = const(1)
PLACED = const(2)
STILL = const(3)
SCANNING = const(4)
MOVED = const(5)
DONE = const(6)
GAVE_UP = const(7)
FAULT = const(8)
SERVICE = const(9)

# CAUSES (kiosk.names)
NO_CAUSE = const(0)
SLIP = const(1)
BUMP = const(2)
LIFTED = const(3)
REMOVED = const(4)
HOST_STALLED = const(5)
HOST_GONE = const(6)
ATTEMPTS = const(7)
TIME = const(8)
PART_FAILED = const(9)
FINISHED = const(10)
DRIFT = const(11)

# PARTS (kiosk.names)
NO_PART = const(0)
FLOW = const(1)
ACCELEROMETER = const(2)
LINE_SENSOR = const(3)
LAMP = const(4)
CARRIAGE = const(5)
PRESENCE = const(6)
FIRMWARE = const(7)

# FAULTS (kiosk.names)
NO_FAULT = const(0)
NO_ANSWER = const(1)
WRONG_ID = const(2)
STUCK = const(3)
NO_LIGHT = const(4)
TOO_BRIGHT = const(5)
NO_HOME = const(6)
HOME_STUCK = const(7)
INTERNAL = const(8)
IMPLAUSIBLE = const(9)
NO_TEXTURE = const(10)
LOST_STEPS = const(11)

# RESULTS (kiosk.names)
REFUSED = const(2)
HOST_GAVE_UP = const(3)
# ERRORS (kiosk.names)
E_VERSION = const(1)
E_MALFORMED = const(2)
E_NOT_SUBSCRIBED = const(3)
E_WRONG_STATE = const(4)
E_UNKNOWN_SETTING = const(5)
E_OUT_OF_RANGE = const(6)
E_NOT_STORED = const(7)
E_NOT_PAIRED = const(8)
E_CLASH = const(9)
E_FAILED = const(10)

# EVENTS (kiosk.names)
EV_BOOT = const(0)
EV_STATE = const(1)
EV_ABORT = const(2)
EV_FAULT = const(3)
EV_CALIBRATED = const(4)
EV_SETTING = const(5)
EV_HOST = const(6)
EV_RECOVERED = const(7)
EV_SERVICE = const(8)

# ROLLBACKS (kiosk.names)
NO_ROLLBACK = const(0)
DEFECT = const(1)
RESETS = const(2)
LATE = const(3)
DAMAGED = const(4)

# RESET_CAUSES (kiosk.names)
NO_RESET_CAUSE = const(0)
POWER = const(1)
WATCHDOG = const(2)

# SERVICE_ENDS (kiosk.names)
NO_SERVICE_END = const(0)
ASKED = const(1)
TIME_OVER = const(2)
DOCUMENT = const(3)
HOST = const(4)

# MEASURES (kiosk.names)
NO_MEASURE = const(0)
LINES = const(1)
LIVE = const(2)
STEPS = const(3)
TRIPS = const(4)
INT1 = const(5)
RING = const(6)
BEEPER = const(7)
PATTERN = const(8)
STRIP = const(9)

# COUNTERS (kiosk.names), and from two numbers on one for each cause of an abort and for each part
POWERED_S = const(0)
LAMP_S = const(1)
STARTS = const(2)
WATCHDOG_RESETS = const(3)
SWEEPS = const(4)
LINES_SENT = const(5)
STORES = const(6)
DEFECTS = const(7)
ABORTS = const(8)
PART_FAULTS = const(24)
COUNTERS_KEPT = const(40)

# what a host has to prove that it may ask for, on a device that is paired
PROVEN = (
    C_SUBSCRIBE, C_CREDIT, C_SWEEP, C_FINISH, C_SETTING_SET, C_CALIBRATE, C_RECOVER, C_SERVICE, C_MEASURE, C_UPLOAD,
)  # fmt: skip

BAND_HEADER = const(20)  # bytes of a BAND's body before its pixels
LINE_HEADER = const(12)  # bytes of a LINE's body before its samples
NO_TEMPERATURE = const(-32768)
LOG_ENTRY = "<IBBh"  # t_ms, event, detail, value
ALL_SETTINGS = const(0xFF)

# type -> struct format; kiosk.names has the fields. A newer minor version may only append: a body may be longer.
BODIES = {
    C_HELLO: "<BB16s",
    C_SUBSCRIBE: "<B",
    C_CREDIT: "<HH",
    C_SWEEP: "<HH",
    C_FINISH: "<B",
    C_SETTING_GET: "<B",
    C_SETTING_SET: "<Bi",
    C_HEALTH: "<",
    C_LOG: "<",
    C_CALIBRATE: "<IB",
    C_RECOVER: "<",
    C_INSTALLED: "<",
    C_IDENTITY: "<",
    C_COUNTERS: "<",
    C_HISTORY: "<H",
    C_SERVICE: "<H",
    C_MEASURE: "<BBBhH",
    C_CALIBRATION: "<",
    C_UPLOAD: "<BIB",
    M_HELLO: "<BBBBB16sIHHIHHBI16s8sH",
    M_STATE: "<BBBBBI",
    M_BAND: "<HHHBBIhhBBH",
    M_SWEEP_BEGIN: "<HBHHIB",
    M_SWEEP_END: "<HHHI",
    M_ABORT: "<HBHIIhh",
    M_HEALTH: "<IIIIIIHIHHHHHHBI",
    M_SETTING: "<Biiii16s8s",
    M_LOG: "<B",
    M_ERROR: "<BB",
    M_INSTALLED: "<BB16s16sB",
    M_IDENTITY: "<B16sBhHIh",
    M_COUNTERS: "<B",
    M_HISTORY: "<HHH",
    M_SERVICE: "<BHBH",
    M_LINE: "<HhBBIH",
    M_SAMPLE: "<IhhBBhhhB",
    M_VALUE: "<BHiBI",
    M_MEASURED: "<BHBB",
    M_CALIBRATION: "<IhBBB",
    M_UPLOADED: "<BIII",
}
# bytes of a body in its first minor version, of messages whose later fields are zero when they are missing
FIRST_BODIES = {C_HELLO: 2, M_HELLO: 42, C_CALIBRATE: 0}


def pack(kind: int, *values: object) -> bytes:
    """Body bytes of a message of type ``kind`` from its field values, in the order of BODIES."""
    return struct.pack(BODIES[kind], *values)


def unpack(kind: int, body: bytes) -> tuple[object, ...]:
    """Field values of ``body``; what a newer minor version appended is left alone, a HELLO of an older one filled up.

    ValueError when the body is shorter than its format, KeyError when the type is unknown.
    """
    form = BODIES[kind]
    lacking = struct.calcsize(form) - len(body)
    if lacking > 0:
        if len(body) < FIRST_BODIES.get(kind, struct.calcsize(form)):
            raise ValueError("body too short")
        body = body + bytes(lacking)
    return struct.unpack_from(form, body, 0)


try:
    from kiosk.names import *  # noqa: F403 - no board holds that module: names are for people, and take its heap
except ImportError:
    pass
