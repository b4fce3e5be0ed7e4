"""What the pins of a controller can do, and what each signal of a kiosk needs.

Sources: data sheets of RP2040 and RP2350, "GPIO functions" (the same for GPIO 0 to 29, but for the second places of a
UART on the RP2350); data sheets of Raspberry Pi Pico, Pico W, Pico 2 and Pico 2 W, pinouts and pins used inside.
"""

from __future__ import annotations

from typing import NamedTuple


class Need(NamedTuple):
    """What a signal needs of its pin: a ``function`` of the chip, and for PWM its frequency."""

    function: str  # "SPI SCK", "PWM", ...; "pin" is any pin, an input or output
    hz: int | None = None  # of a PWM; None is a frequency that changes


class Controller(NamedTuple):
    """A module or chip: the pins at its edge, and those that it has but keeps for itself."""

    name: str
    chip: str
    edge: dict[int, int]  # GPIO -> number of the pin on the edge
    inside: dict[int, str]  # GPIO -> what it does inside the module


PIN = Need("pin")
SUPPLY_MODE = "supply mode"  # the mode pin of the module's own 3.3 V converter
SUPPLY_SENSE = "VSYS sense"  # a third of the supply, on an input of the ADC
SIGNALS = {
    "console_tx": Need("UART TX"),
    "console_rx": Need("UART RX"),
    "sensor_clock": PIN,  # these three by PIO, which reaches every pin
    "sensor_start": PIN,
    "step": PIN,
    "direction": PIN,
    "motor_off": PIN,
    "infrared": Need("PWM", 20000),
    "white": Need("PWM", 20000),
    "home": PIN,
    "presence": PIN,
    "ring": PIN,
    "beeper": Need("PWM", None),
    "flow_miso": Need("SPI RX"),
    "flow_select": PIN,
    "flow_sck": Need("SPI SCK"),
    "flow_mosi": Need("SPI TX"),
    "accelerometer_sda": Need("I2C SDA"),
    "accelerometer_scl": Need("I2C SCL"),
    "service": PIN,
    "supply_mode": Need(SUPPLY_MODE),
    "supply": Need(SUPPLY_SENSE),
    "sensor_out": Need("ADC0"),  # the engine for lines starts conversions of input 0
    "int1": PIN,
}
NEEDS = ("pin", "PWM", "ADC0", "ADC1", "ADC2", "ADC3", *("SPI RX", "SPI CSn", "SPI SCK", "SPI TX"),
         *("I2C SDA", "I2C SCL"), *("UART TX", "UART RX", "UART CTS", "UART RTS"))  # fmt: skip
"""What a signal of a board's own may need of its pin."""
CHIP_PINS = range(30)  # of RP2040 and RP2350A
_SPI = ("SPI{} RX", "SPI{} CSn", "SPI{} SCK", "SPI{} TX")
_UART = ("UART{} TX", "UART{} RX", "UART{} CTS", "UART{} RTS")
_SECOND_UART = {2: "UART{} TX", 3: "UART{} RX"}  # RP2350, in place of CTS and RTS
_LEFT = (
    0,
    1,
    None,
    2,
    3,
    4,
    5,
    None,
    6,
    7,
    8,
    9,
    None,
    10,
    11,
    12,
    13,
    None,
    14,
    15,
)  # edge pins 1 to 20; None: ground
_RIGHT = (16, 17, None, 18, 19, 20, 21, None, 22, None, 26, 27, None, 28)  # 21 to 34; 30 is RUN
_EDGE = {gpio: at for at, gpio in enumerate(_LEFT + _RIGHT, 1) if gpio is not None}
_PICO = {23: SUPPLY_MODE, 24: "USB voltage sense", 25: "LED", 29: SUPPLY_SENSE}
_PICO_W = {23: "radio power", 24: "radio data", 25: "radio select", 29: "radio clock and VSYS sense"}
CONTROLLERS = (  # a name that is part of another stands behind it
    Controller("Raspberry Pi Pico 2 W", "RP2350", _EDGE, _PICO_W),
    Controller("Raspberry Pi Pico 2", "RP2350", _EDGE, _PICO),
    Controller("Raspberry Pi Pico W", "RP2040", _EDGE, _PICO_W),
    Controller("Raspberry Pi Pico", "RP2040", _EDGE, _PICO),
)
ARCHES_OF = {
    "RP2040": ("armv6m",),
    "RP2350": ("armv7emsp", "armv7em", "armv7m", "armv6m", "rv32imc"),
}
"""Native code that a chip's MicroPython takes, as mpy-cross names it (py/persistentcode.h): its own, and all below."""


def functions(chip: str, gpio: int) -> set[str]:
    """Functions of a pin of "RP2040" or "RP2350": "SPI0 RX", "I2C1 SDA", "UART0 TX", "PWM5 A", "ADC0"."""
    group = gpio // 4
    uart = (group + 1) // 2 % 2
    found = {
        _SPI[gpio % 4].format(gpio // 8 % 2),
        _UART[gpio % 4].format(uart),
        f"I2C{gpio // 2 % 2} {'SCL' if gpio % 2 else 'SDA'}",
        pwm_output(gpio),
    }
    if gpio >= 26:
        found.add(f"ADC{gpio - 26}")
    if chip == "RP2350" and gpio % 4 in _SECOND_UART:
        found.add(_SECOND_UART[gpio % 4].format(uart))
    return found


def pwm_slice(gpio: int) -> int:
    """Number of the PWM slice: its two outputs have one frequency."""
    return gpio // 2 % 8


def pwm_output(gpio: int) -> str:
    """The one PWM output that a pin can carry; another pin of the same output shows the same."""
    return f"PWM{pwm_slice(gpio)} {'AB'[gpio % 2]}"


def units(need: Need, unit: int) -> str:
    """The function with its unit: "SPI SCK" of unit 0 is "SPI0 SCK"."""
    block, _, role = need.function.partition(" ")
    return f"{block}{unit} {role}" if block in ("SPI", "I2C", "UART") else need.function
