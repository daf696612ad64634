/// The pickle opcodes that are executed; all others are refused by name.
enum PickleOpcode: UInt8 {
    case mark = 0x28
    case stop = 0x2e
    case pop = 0x30
    case popMark = 0x31
    case dup = 0x32
    case binInt = 0x4a
    case binInt1 = 0x4b
    case binInt2 = 0x4d
    case none = 0x4e
    /// Read past.
    case quotedText = 0x53
    /// `INST`: always refused, with the name of the class it asks for.
    case instance = 0x69
    case persistentID = 0x51
    case reduce = 0x52
    case binString = 0x54
    case shortBinString = 0x55
    case binUnicode = 0x58
    case append = 0x61
    case build = 0x62
    case global = 0x63
    case dict = 0x64
    case emptyDict = 0x7d
    case appends = 0x65
    case binGet = 0x68
    case longBinGet = 0x6a
    case list = 0x6c
    case emptyList = 0x5d
    case binPut = 0x71
    case longBinPut = 0x72
    case setItem = 0x73
    case tuple = 0x74
    case emptyTuple = 0x29
    case setItems = 0x75
    case binFloat = 0x47
    case binBytes = 0x42
    case shortBinBytes = 0x43
    case proto = 0x80
    case newObject = 0x81
    case tuple1 = 0x85
    case tuple2 = 0x86
    case tuple3 = 0x87
    case newTrue = 0x88
    case newFalse = 0x89
    case long1 = 0x8a
    case long4 = 0x8b
    case shortBinUnicode = 0x8c
    case binUnicode8 = 0x8d
    case binBytes8 = 0x8e
    case emptySet = 0x8f
    case addItems = 0x90
    case frozenSet = 0x91
    case stackGlobal = 0x93
    case memoize = 0x94
    case frame = 0x95
    case byteArray8 = 0x96

    /// Names of opcodes that exist and are refused: protocol 0's text forms and those that make objects of classes.
    static let refusedNames: [UInt8: String] = [
        0x46: "FLOAT", 0x49: "INT", 0x4c: "LONG", 0x50: "PERSID", 0x56: "UNICODE", 0x67: "GET",
        0x69: "INST", 0x6f: "OBJ", 0x70: "PUT", 0x82: "EXT1", 0x83: "EXT2", 0x84: "EXT4", 0x92: "NEWOBJ_EX",
        0x97: "NEXT_BUFFER", 0x98: "READONLY_BUFFER",
    ]
}
