"""What the numbers of kiosk.wire are called: for the host, for documents and for tests. No board loads this module."""

STATES = ("start", "empty", "placed", "still", "scanning", "moved", "done", "gave_up", "fault", "service")

CAUSES = (
    "none", "slip", "bump", "lifted", "removed", "host_stalled", "host_gone", "attempts", "time", "part_failed",
    "finished",
    "drift",
)  # fmt: skip

PARTS = ("none", "flow", "accelerometer", "line_sensor", "lamp", "carriage", "presence", "firmware")

FAULTS = (
    "none", "no_answer", "wrong_id", "stuck", "no_light", "too_bright", "no_home", "home_stuck", "internal",
    "implausible", "no_texture", "lost_steps",
)  # fmt: skip

RESULTS = ("none", "verified", "refused", "gave_up")

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
    "failed",
)

EVENTS = ("boot", "state", "abort", "fault", "calibrated", "setting", "host", "recovered", "service")

ROLLBACKS = ("none", "defect", "resets", "late", "damaged")

RESET_CAUSES = ("none", "power", "watchdog")

SERVICE_ENDS = ("none", "asked", "time_over", "document", "host")

MEASURES = ("none", "lines", "live", "steps", "trips", "int1", "ring", "beeper", "pattern", "strip")

UPLOADS = ("none", "begin", "take", "write", "close", "done", "start")

COUNTERS = ("powered_s", "lamp_s", "starts", "watchdog_resets", "sweeps", "lines_sent", "stores", "defects")

# message -> names of its fields, in the order of wire.BODIES
FIELDS = {
    "C_HELLO": "major minor nonce",
    "C_SUBSCRIBE": "streams",
    "C_CREDIT": "sweep bands",
    "C_SWEEP": "first_row last_row",
    "C_FINISH": "result",
    "C_SETTING_GET": "setting",
    "C_SETTING_SET": "setting value",
    "C_HEALTH": "",
    "C_LOG": "",
    "C_CALIBRATE": "when back",
    "C_RECOVER": "",
    "C_INSTALLED": "",
    "C_IDENTITY": "",
    "C_COUNTERS": "",
    "C_HISTORY": "offset",
    "C_SERVICE": "seconds",
    "C_MEASURE": "what lamp level place count",
    "C_CALIBRATION": "",
    "C_UPLOAD": "step at bytes",
    "M_HELLO": (
        "major minor fw_major fw_minor fw_patch board boot_id width_px rows pitch_nm line_us max_frame "
        "band_lines capabilities nonce scanner epoch"
    ),
    "M_STATE": "state cause part fault attempt t_ms",
    "M_BAND": "sweep band row lines depth_bits t_us dx_um dy_um squal lamp width_px",
    "M_SWEEP_BEGIN": "sweep attempt first_row last_row t_ms track",
    "M_SWEEP_END": "sweep bands last_row t_ms",
    "M_ABORT": "sweep cause row t_ms latency_us dx_um dy_um",
    "M_HEALTH": (
        "uptime_ms heap_free heap_free_min sweeps lines aborts faults frames_in bad_crc bad_frame "
        "oversized unknown short_writes credit_waits streams boot_id"
    ),
    "M_SETTING": "setting value default low high name unit",
    "M_LOG": "entries",
    "M_ERROR": "code about",
    "M_INSTALLED": "slot trial build failed why",
    "M_IDENTITY": "serial_bytes serial reset_cause temperature supply calibrated calibrated_at",
    "M_COUNTERS": "entries",
    "M_HISTORY": "offset total bytes",
    "M_SERVICE": "on left why row0_steps",
    "M_LINE": "number place lamp level t_us width_px",
    "M_SAMPLE": "t_us dx dy squal good x_mg y_mg z_mg pins",
    "M_VALUE": "what number value flag t_us",
    "M_MEASURED": "what reached part fault",
    "M_CALIBRATION": "when temperature former strip sensor",
    "M_UPLOADED": "step value high low",
}
