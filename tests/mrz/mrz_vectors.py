"""Published and own MRZ vectors: TD1, TD2, TD3 and visas of Doc 9303, as reproduced by public MRZ packages."""

VALID = {
    "TD3": "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<|L898902C36UTO7408122F1204159ZE184226B<<<<<10",
    "TD3 short number": "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<|L898902C<3UTO6908061F9406236ZE184226B<<<<<14",
    "TD2": "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<|D231458907UTO7408122F1204159<<<<<<<6",
    "TD2 long": "I<UTOSTEVENSON<<PETER<JOHN<<<<<<<<<<|D23145890<UTO3407127M95071227349<<<8",
    "TD1": "I<UTOD231458907<<<<<<<<<<<<<<<|7408122F1204159UTO<<<<<<<<<<<6|ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
    "TD1 long": "I<UTOD23145890<7349<<<<<<<<<<<|3407127M9507122UTO<<<<<<<<<<<2|STEVENSON<<PETER<JOHN<<<<<<<<<",
    "TD1 long, digit without <": (
        "IDUTOD23145890<7350<<<<<<<<<<<|9105171F3101012UTO<<<<<<<<<<<8|OESTENBYEN<<AASE<SPECIMEN<<<<<"
    ),
    "TD1 long, digit with <": (
        "IDUTOD23145890<7356<<<<<<<<<<<|9105171F3101012UTO<<<<<<<<<<<6|OESTENBYEN<<AASE<SPECIMEN<<<<<"
    ),
    "MRV-A": "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<|L8988901C4XXX4009078F96121096ZE184226B<<<<<<",
    "MRV-B": "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<|L8988901C4XXX4009078F9612109<<<<<<<<",
    "D": "P<D<<MUSTERMANN<<ERIKA<<<<<<<<<<<<<<<<<<<<<<|C01X0006H1D<<6408125F1710319<<<<<<<<<<<<<<<0",
    "CAN": "P<CANMARTIN<<SARAH<<<<<<<<<<<<<<<<<<<<<<<<<<|ZE000509<9CAN8501019F2301147<<<<<<<<<<<<<<08",
    "NOR": "P<NOROESTENBYEN<<AASE<SPECIMEN<<<<<<<<<<<<<<|ZZZ0000016NOR9105171F3101012<<<<<<<<<<<<<<<0",
    "PP": "PPNOROESTENBYEN<<AASE<SPECIMEN<<<<<<<<<<<<<<|ZZZ0000016NOR9105171F3101012<<<<<<<<<<<<<<<0",
    "PV": "PVNORHANSEN<DAHL<<KARI<<<<<<<<<<<<<<<<<<<<<<|00000001<3NOR8001014F2901019<<<<<<<<<<<<<<<8",
    "UNKD": "P<UTOUNKNOWN<<DAY<<<<<<<<<<<<<<<<<<<<<<<<<<<|X0000001<4UTO8001<<3<3001019<<<<<<<<<<<<<<<4",
    "UNKA": "P<UTOUNKNOWN<<DATE<<<<<<<<<<<<<<<<<<<<<<<<<<|X0000002<7UTO<<<<<<0<3001019<<<<<<<<<<<<<<<2",
    "XXA": "P<UTOSTATELESS<<TEST<<<<<<<<<<<<<<<<<<<<<<<<|X0000003<0XXA7001017M3001019<<<<<<<<<<<<<<<8",
    "PO": "POUTOOFFICIAL<<TEST<<<<<<<<<<<<<<<<<<<<<<<<<|X0000005<6UTO7001017M3001019AB12<34<<<<<<<94",
    "ZERO": "P<UTOZERO<<OPT<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<|X0000007<2UTO7001017F300101911<<<<<<<<<<<<04",
    "TRUNC": "P<UTOVERYLONGSURNAMETHATKEEPSGOING<<MAXIMILI|X0000006<9UTO7001017F3001019<<<<<<<<<<<<<<<0",
    "ONE": "P<UTONOGIVENNAMEPERSON<<<<<<<<<<<<<<<<<<<<<<|X0000004<3UTO7001017M3001019<<<<<<<<<<<<<<<2",
    "IDNOR": "IDNORZZZ0000027<<<<<<<<<<<<<<<|9105171F3101012NOR<<<<<<<<<<<8|OESTENBYEN<<AASE<SPECIMEN<<<<<",
}
