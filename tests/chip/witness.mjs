// A second RP2040 beside the product's own emulator: rp2040js, which runs the same image, in a process of its own.
//
// node witness.mjs BOOTROM FLASH PINS: two files, and the board's table of pins as JSON. It takes a command a line on
// standard input and answers with a line; while it runs it asks, a line each, what the parts on the pins say.
//   > run NS HEX      to this moment; bytes for the device     < done NS HEX     bytes for the host; ends earlier with some
//   < select LEVEL NS | spi BYTE NS | step NS AWAY | write HEX NS | read NS | look NS | expose NS INFRARED WHITE
// `look` is answered by the levels of presence, home and int1, `expose` by the samples of a line as hex.
//
// Mended from outside, where the data sheet of the RP2040 says otherwise than rp2040js 1.4.1 does (chapters by their names):
//   UART    UARTTXINTR is cleared by clearing it, and comes again when the FIFO has run empty; there it never ends
//   PIO     state machines follow their clock dividers and delays, and stand still while SM_ENABLE says so; there all four
//           run as fast as the computer does, on its clock
//   SSI     commands to the flash chip are carried out, so that a board can write its files; there the boot ROM waits for ever
//   USB     a host without data sends none, and of two buffers of an endpoint the first goes first; there each OUT buffer is
//           answered by an empty packet at once, and the second goes first
import fs from 'node:fs';
import { BasePeripheral, GPIOPinState, Simulator, USBCDC } from 'rp2040js';

const CYCLE_NS = 8; // 125 MHz, as MicroPython 1.26 sets it
const LOOK_NS = 1_000_000; // how often what changes by itself is looked at
const SPI_HZ = 48_000_000; // MicroPython runs the SPI from the USB clock
const PACKET_NS = 53_000; // of 64 bytes at full speed: 19 in a frame of 1 ms
const DARK_LSB = 12; // pixels outside the window

const [bootrom, flash, pinsJson] = process.argv.slice(2);
const pins = JSON.parse(pinsJson);
const simulator = new Simulator();
const { rp2040: chip, clock } = simulator;
const said = [];
const note = (level) => (part, text) => said.push(`${level} ${part}: ${text}`);
chip.logger = { debug() {}, info() {}, warn: note('warning'), error: note('error') };

// --- lines on standard input and output ------------------------------------------------------------------------------

let pending = '';
const piece = Buffer.alloc(65536);

function readLine() {
  for (;;) {
    const end = pending.indexOf('\n');
    if (end >= 0) {
      const line = pending.slice(0, end);
      pending = pending.slice(end + 1);
      return line;
    }
    const count = fs.readSync(0, piece);
    if (!count) process.exit(0);
    pending += piece.toString('latin1', 0, count);
  }
}

function say(...words) {
  fs.writeSync(1, words.join(' ') + '\n');
}

function ask(...words) {
  say(...words);
  return readLine();
}

const hex = (bytes) => Buffer.from(bytes).toString('hex') || '-';
const unhex = (text) => (text === '-' ? [] : [...Buffer.from(text, 'hex')]);

// --- flash chip and its interface --------------------------------------------------------------------------------------

const SECTOR = 4096;
const BLOCK = 65536;

class Flash {
  constructor() {
    this.selected = false; // by the override of the select pin, as the boot ROM does
    this.sent = [];
    this.writable = false;
  }

  select(low) {
    if (this.selected && !low) this.end();
    if (low) this.sent = [];
    this.selected = low;
  }

  // The byte that comes back while this one goes out.
  exchange(byte) {
    this.sent.push(byte);
    const [command, high, middle, low] = this.sent;
    const at = this.sent.length - 1;
    if (at === 0) return 0;
    if (command === 0x05) return this.writable ? 2 : 0; // status: write enable latch, never busy
    if (command === 0x35) return 2; // status 2: quad enable
    if (command === 0x9f) return [0, 0xef, 0x40, 0x15][at] ?? 0; // a W25Q16
    if (command === 0x03 && at > 3) return chip.flash[((high << 16) | (middle << 8) | low) + at - 4];
    return 0;
  }

  end() {
    const [command, high, middle, low, ...data] = this.sent;
    const address = (high << 16) | (middle << 8) | low;
    if (command === 0x06) this.writable = true;
    if (command === 0x04) this.writable = false;
    if (!this.writable || this.sent.length < 4) return;
    if (command === 0x20) chip.flash.fill(0xff, address & ~(SECTOR - 1), (address & ~(SECTOR - 1)) + SECTOR);
    else if (command === 0xd8) chip.flash.fill(0xff, address & ~(BLOCK - 1), (address & ~(BLOCK - 1)) + BLOCK);
    else if (command === 0x02) {
      const page = address & ~0xff;
      data.forEach((byte, i) => (chip.flash[page + ((address + i) & 0xff)] &= byte)); // a write only clears bits
    } else return;
    this.writable = false;
  }
}

class Ssi extends BasePeripheral {
  constructor(memory) {
    super(chip, 'SSI');
    this.memory = memory;
    this.received = [];
    this.registers = new Map();
  }

  readUint32(offset) {
    if (offset === 0x20) return 0; // TXFLR
    if (offset === 0x24) return this.received.length; // RXFLR
    if (offset === 0x28) return 0x06 | (this.received.length ? 0x08 : 0); // SR: empty, room, something received
    if (offset === 0x60) return this.received.shift() ?? 0; // DR0
    return this.registers.get(offset) ?? 0;
  }

  writeUint32(offset, value) {
    this.registers.set(offset, value);
    if (offset === 0x08 && !value) this.received = []; // SSIENR
    if (offset !== 0x60) return;
    if (!this.memory.selected && !this.received.length) {
      this.memory.end();
      this.memory.sent = [];
    }
    this.received.push(this.memory.exchange(value & 0xff));
  }
}

class QspiPins extends BasePeripheral {
  constructor(memory) {
    super(chip, 'IO_QSPI');
    this.memory = memory;
    this.registers = new Map();
  }

  readUint32(offset) {
    return this.registers.get(offset) ?? 0;
  }

  writeUint32(offset, value) {
    this.registers.set(offset, value);
    if (offset === 0x0c) this.memory.select(((value >> 8) & 3) === 2); // GPIO_QSPI_SS_CTRL, OUTOVER: driven low
  }
}

const memory = new Flash();
chip.peripherals[0x18000] = new Ssi(memory);
chip.peripherals[0x40018] = new QspiPins(memory);

// --- UART ----------------------------------------------------------------------------------------------------------------

const TRANSMITTED = 1 << 5;
for (const uart of chip.uart) {
  uart.checkInterrupts = () => chip.setInterrupt(uart.irq, !!(uart.interruptStatus & uart.interruptMask));
  uart.onByte = (byte) => {
    if (uart === chip.uart[0]) consoleOut.push(byte);
    uart.interruptStatus |= TRANSMITTED;
    uart.checkInterrupts();
  };
}
const consoleOut = [];

// --- PIO: a state machine is due when its divider and the delay of its last instruction say so -----------------------------

const block = chip.pio[0]; // no board uses the second
block.run = () => {};
const due = block.machines.map(() => Infinity);

function period(machine) {
  const whole = machine.clockDivInt || 65536;
  return CYCLE_NS * (whole + machine.clockDivFrac / 256);
}

function watchMachines() {
  block.machines.forEach((machine, i) => {
    if (!machine.enabled || machine.waiting) due[i] = Infinity;
    else if (due[i] === Infinity) due[i] = clock.nanos + period(machine) * (1 + Math.max(0, machine.owed ?? 0));
    if (machine.enabled && !machine.waiting) machine.owed = 0;
    else if (machine.waiting) machine.owed = machine.waitDelay;
  });
}

function nextDue() {
  watchMachines();
  return Math.min(...due);
}

function runMachines(until) {
  for (;;) {
    const at = nextDue();
    if (at > until) return;
    const i = due.indexOf(at);
    const machine = block.machines[i];
    const before = machine.cycles;
    machine.step();
    due[i] = machine.waiting ? Infinity : at + period(machine) * Math.max(1, machine.cycles - before);
    block.checkChangedPins();
  }
}

// --- USB -----------------------------------------------------------------------------------------------------------------

const usb = chip.usbCtrl;
const cdc = new USBCDC(usb);
const toDevice = [];
const toHost = [];
let room = 0; // bytes that the device waits for
const control = usb.onEndpointRead;
usb.onEndpointRead = (endpoint, size) => {
  if (endpoint !== cdc.outEndpoint) return control(endpoint, size);
  room = size;
  feed();
};

function feed() {
  if (!room || !toDevice.length) return;
  const data = new Uint8Array(toDevice.splice(0, room));
  room = 0;
  usb.endpointReadDone(cdc.outEndpoint, data, PACKET_NS / 1000);
}

const AVAILABLE = 1 << 10;
const FULL = 1 << 15;
const LENGTH = 0x3ff;
const updated = usb.DPRAMUpdated.bind(usb);
const packets = [];
const packet = clock.createAlarm(sendPacket);

usb.DPRAMUpdated = (offset, value) => {
  const endpoint = (offset - 0x80) >> 3;
  if (offset & 4 || endpoint <= 0 || endpoint !== cdc.inEndpoint) return updated(offset, value);
  const register = usb.readEndpointControlReg(endpoint, false);
  const double = !!(register & (1 << 30));
  const each = !double || !!(register & (1 << 29));
  const idle = !packets.length;
  const waits = (half) => packets.some((p) => p.half === half);
  const second = double && value & (AVAILABLE << 16);
  if (value & AVAILABLE && !waits(0)) packets.push({ offset, endpoint, half: 0, interrupts: each || !second });
  if (second && !waits(1)) packets.push({ offset, endpoint, half: 1, interrupts: true });
  if (idle && packets.length) packet.schedule(PACKET_NS);
};

function sendPacket() {
  const { offset, endpoint, half, interrupts } = packets.shift();
  const view = chip.usbDPRAMView;
  const shift = 16 * half;
  const value = view.getUint32(offset, true);
  const length = (value >>> shift) & LENGTH;
  view.setUint32(offset, value & ~((AVAILABLE | FULL) << shift), true);
  const start = usb.getEndpointBufferOffset(endpoint, false) + 64 * half;
  toHost.push(...chip.usbDPRAM.slice(start, start + length));
  if (interrupts) usb.indicateBufferReady(endpoint, false);
  if (packets.length) packet.schedule(PACKET_NS);
}

// --- parts on the pins -----------------------------------------------------------------------------------------------------

const pin = (signal) => chip.gpio[pins[signal]];
const now = () => clock.nanos.toFixed(0);
const drive = (signal, level) => pin(signal).setInputValue(level);

function look() {
  const [presence, home, int1] = ask('look', now()).split(' ').map(Number);
  drive('presence', !!presence);
  drive('home', !!home);
  drive('int1', !!int1);
}

const looking = clock.createAlarm(() => {
  look();
  looking.schedule(LOOK_NS);
});

pin('flow_select').addListener((level) => ask('select', level === GPIOPinState.Low ? 0 : 1, now()));
const spi = chip.spi[0];
let answer = 0xff;
const spiDone = clock.createAlarm(() => spi.completeTransmit(answer));
spi.onTransmit = (value) => {
  answer = pin('flow_select').value === GPIOPinState.Low ? Number(ask('spi', value, now())) : 0xff;
  const perBit = spi.clockDivisor * (1 + (spi.control0 >> 8));
  spiDone.schedule((8e9 * perBit) / SPI_HZ);
};

const i2c = chip.i2c[0];
let written = null;
let after = () => {};
const i2cDone = clock.createAlarm(() => after());
const afterByte = (what) => {
  after = what;
  i2cDone.schedule(9 * CYCLE_NS * (i2c.sclHighPeriod + i2c.sclLowPeriod + 11)); // 11: as the chip's counters do
};
const flush = () => {
  if (written) ask('write', hex(written), now());
  written = null;
};
i2c.onStart = () => {
  flush();
  i2c.completeStart();
};
i2c.onConnect = (address, mode) => {
  const here = address === pins.accelerometer_address;
  if (here && mode === 0) written = [];
  afterByte(() => {
    i2c.completeConnect(here);
    if (!here) i2c.setInterrupts(1 << 4); // nobody there: the transmit FIFO was emptied
  });
};
i2c.onWriteByte = (value) => {
  written?.push(value);
  afterByte(() => i2c.completeWrite(true));
};
i2c.onReadByte = () => afterByte(() => i2c.completeRead(Number(ask('read', now()))));
i2c.onStop = () => {
  flush();
  i2c.completeStop();
  look();
};

pin('step').addListener((level) => {
  if (level !== GPIOPinState.High || pin('motor_off').value === GPIOPinState.High) return;
  ask('step', now(), pin('direction').value === GPIOPinState.High ? 1 : 0);
  look();
});

const duty = (signal) => {
  if (pin(signal).functionSelect !== 4) return 0;
  const channel = chip.pwm.channels[(pins[signal] >> 1) & 7];
  const level = pins[signal] & 1 ? channel.cc >>> 16 : channel.cc & 0xffff;
  return channel.csr & 1 ? Math.min(1, level / (channel.top + 1)) : 0;
};

let pixel = 0; // clocks since the start pulse
let line = [];
pin('sensor_clock').addListener((level) => {
  if (level === GPIOPinState.High) pixel++;
});
pin('sensor_start').addListener((level) => {
  if (level !== GPIOPinState.High) return;
  line = unhex(ask('expose', now(), duty('infrared'), duty('white')));
  pixel = -1; // the clock within the start pulse
});
const { adc } = chip;
adc.onADCRead = (channel) => {
  if (channel === 0) adc.channelValues[0] = (line[pixel - 1 - pins.before_px] ?? DARK_LSB) << 4;
  adc.currentChannel = channel;
  adc.sampleAlarm.schedule(adc.sampleTime * 1000);
};

// --- the run -----------------------------------------------------------------------------------------------------------------

function run(until) {
  const { core } = chip;
  while (clock.nanos < until && !toHost.length) {
    if (core.waiting) {
      const alarm = clock.nextAlarm ? clock.nextAlarm.nanos : Infinity;
      const next = Math.min(until, alarm, nextDue());
      clock.tick(Math.max(CYCLE_NS, next - clock.nanos));
    } else {
      clock.tick(core.executeInstruction() * CYCLE_NS);
    }
    if (!block.stopped) runMachines(clock.nanos);
  }
}

chip.loadBootrom(new Uint32Array(fs.readFileSync(bootrom).buffer.slice(0)));
chip.flash.set(fs.readFileSync(flash));
chip.core.PC = 0x10000000;
drive('service', true);
looking.schedule(0);
for (;;) {
  const [word, ...rest] = readLine().split(' ');
  if (word === 'run') {
    toDevice.push(...unhex(rest[1]));
    feed();
    run(Number(rest[0]));
    say('done', clock.nanos, hex(toHost.splice(0)), cdc.initialized ? 1 : 0);
  } else if (word === 'said') {
    say('said', JSON.stringify({ notes: said.slice(-50), console: Buffer.from(consoleOut).toString('latin1') }));
  }
}
