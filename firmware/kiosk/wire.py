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
MINOR = const(1)
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

# what a host subscribes to (bits of SUBSCRIBE.streams)
STREAM_EVENTS = const(1)
STREAM_BANDS = const(2)
STREAM_HEALTH = const(4)

# capabilities of a device (bits of HELLO.capabilities)
CAN_INFRARED = const(1)
CAN_DEPTH4 = const(2)
CAN_DEPTH8 = const(4)
CAN_CALIBRATE = const(8)

STATES = ("start", "empty", "placed", "still", "scanning", "moved", "done", "gave_up", "fault")
START = const(0)
EMPTY = const(1)
PLACED = const(2)
STILL = const(3)
SCANNING = const(4)
MOVED = const(5)
DONE = const(6)
GAVE_UP = const(7)
FAULT = const(8)

CAUSES = (
    "none", "slip", "bump", "lifted", "removed", "host_stalled", "host_gone", "attempts", "time", "part_failed",
    "finished",
    "drift",
)  # fmt: skip
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

PARTS = ("none", "flow", "accelerometer", "line_sensor", "lamp", "carriage", "presence", "firmware")
NO_PART = const(0)
FLOW = const(1)
ACCELEROMETER = const(2)
LINE_SENSOR = const(3)
LAMP = const(4)
CARRIAGE = const(5)
PRESENCE = const(6)
FIRMWARE = const(7)

FAULTS = (
    "none", "no_answer", "wrong_id", "stuck", "no_light", "too_bright", "no_home", "home_stuck", "internal",
    "implausible", "no_texture", "lost_steps",
)  # fmt: skip
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

RESULTS = ("none", "verified", "refused", "gave_up")
REFUSED = const(2)
HOST_GAVE_UP = const(3)
ERRORS = (
    "none",
    "version",
    "malformed",
    "not_subscribed",
    "wrong_state",
    "unknown_setting",
    "out_of_range",
    "not_stored",
    "not_paired",
    "clash",
)
E_VERSION = const(1)
E_MALFORMED = const(2)
E_NOT_SUBSCRIBED = const(3)
E_WRONG_STATE = const(4)
E_UNKNOWN_SETTING = const(5)
E_OUT_OF_RANGE = const(6)
E_NOT_STORED = const(7)
E_NOT_PAIRED = const(8)
E_CLASH = const(9)

EVENTS = ("boot", "state", "abort", "fault", "calibrated", "setting", "host", "recovered")
EV_BOOT = const(0)
EV_STATE = const(1)
EV_ABORT = const(2)
EV_FAULT = const(3)
EV_CALIBRATED = const(4)
EV_SETTING = const(5)
EV_HOST = const(6)
EV_RECOVERED = const(7)

ROLLBACKS = ("none", "defect", "resets", "late", "damaged")
NO_ROLLBACK = const(0)
DEFECT = const(1)
RESETS = const(2)
LATE = const(3)
DAMAGED = const(4)

# what a host has to prove that it may ask for, on a device that is paired
PROVEN = (C_SUBSCRIBE, C_CREDIT, C_SWEEP, C_FINISH, C_SETTING_SET, C_CALIBRATE, C_RECOVER)

BAND_HEADER = const(20)  # bytes of a BAND's body before its pixels
LOG_ENTRY = "<IBBh"  # t_ms, event, detail, value
ALL_SETTINGS = const(0xFF)

# type -> (struct format, field names). A newer minor version may only append fields: a body may be longer than this.
BODIES = {
    C_HELLO: ("<BB16s", "major minor nonce"),
    C_SUBSCRIBE: ("<B", "streams"),
    C_CREDIT: ("<HH", "sweep bands"),
    C_SWEEP: ("<HH", "first_row last_row"),
    C_FINISH: ("<B", "result"),
    C_SETTING_GET: ("<B", "setting"),
    C_SETTING_SET: ("<Bi", "setting value"),
    C_HEALTH: ("<", ""),
    C_LOG: ("<", ""),
    C_CALIBRATE: ("<", ""),
    C_RECOVER: ("<", ""),
    C_INSTALLED: ("<", ""),
    M_HELLO: (
        "<BBBBB16sIHHIHHBI16s8sH",
        "major minor fw_major fw_minor fw_patch board boot_id width_px rows pitch_nm line_us max_frame band_lines "
        "capabilities nonce scanner epoch",
    ),
    M_STATE: ("<BBBBBI", "state cause part fault attempt t_ms"),
    M_BAND: ("<HHHBBIhhBBH", "sweep band row lines depth_bits t_us dx_um dy_um squal lamp width_px"),
    M_SWEEP_BEGIN: ("<HBHHIB", "sweep attempt first_row last_row t_ms track"),
    M_SWEEP_END: ("<HHHI", "sweep bands last_row t_ms"),
    M_ABORT: ("<HBHIIhh", "sweep cause row t_ms latency_us dx_um dy_um"),
    M_HEALTH: (
        "<IIIIIIHIHHHHHHBI",
        "uptime_ms heap_free heap_free_min sweeps lines aborts faults frames_in bad_crc bad_frame oversized unknown "
        "short_writes credit_waits streams boot_id",
    ),
    M_SETTING: ("<Biiii16s8s", "setting value default low high name unit"),
    M_LOG: ("<B", "entries"),
    M_ERROR: ("<BB", "code about"),
    M_INSTALLED: ("<BB16s16sB", "slot trial build failed why"),
}
# bytes of a body in minor version 0, of messages whose later fields are zero when they are missing
FIRST_BODIES = {C_HELLO: 2, M_HELLO: 42}


def pack(kind: int, *values: object) -> bytes:
    """Body bytes of a message of type ``kind`` from its field values, in the order of BODIES."""
    return struct.pack(BODIES[kind][0], *values)


def unpack(kind: int, body: bytes) -> tuple[object, ...]:
    """Field values of ``body``; what a newer minor version appended is left alone, a HELLO of an older one filled up.

    ValueError when the body is shorter than its format, KeyError when the type is unknown.
    """
    form = BODIES[kind][0]
    lacking = struct.calcsize(form) - len(body)
    if lacking > 0:
        if len(body) < FIRST_BODIES.get(kind, struct.calcsize(form)):
            raise ValueError("body too short")
        body = body + bytes(lacking)
    return struct.unpack_from(form, body, 0)
