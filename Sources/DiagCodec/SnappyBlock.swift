/// Takes apart one snappy block. Source: snappy format_description.txt, 2011-10-05.
enum SnappyBlock {
    /// Decompresses `source` into the start of `target`, and gives the count of bytes.
    static func decompress(
        _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
    ) throws(PageCodecError) -> Int {
        var input = 0
        var output = 0
        var declared = 0
        var shift = 0
        while true {
            guard input < source.count, shift < 35 else { throw damaged }
            let byte = unsafe Int(source[input])
            input += 1
            declared |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80 { break }
        }
        guard declared <= target.count else { throw damaged }
        while input < source.count {
            let tag = unsafe Int(source[input])
            input += 1
            if tag & 3 == 0 {
                var count = tag >> 2
                if count >= 60 {
                    let width = count - 59
                    count = unsafe try number(width, source, &input)
                }
                count += 1
                guard count <= source.count - input, count <= declared - output else {
                    throw damaged
                }
                for _ in 0..<count {
                    unsafe target[output] = unsafe source[input]
                    input += 1
                    output += 1
                }
                continue
            }
            var count = tag >> 2 + 1
            var distance: Int
            switch tag & 3 {
            case 1:
                count = (tag >> 2) & 7 + 4
                distance = (tag >> 5) << 8
                distance |= unsafe try number(1, source, &input)
            case 2: distance = unsafe try number(2, source, &input)
            default: distance = unsafe try number(4, source, &input)
            }
            guard distance > 0, distance <= output, count <= declared - output else {
                throw damaged
            }
            for _ in 0..<count {
                unsafe target[output] = unsafe target[output - distance]
                output += 1
            }
        }
        guard output == declared else { throw damaged }
        return output
    }

    private static var damaged: PageCodecError { PageCodecError("snappy: the data is damaged") }

    private static func number(
        _ width: Int, _ source: UnsafeRawBufferPointer, _ input: inout Int
    ) throws(PageCodecError) -> Int {
        guard width <= source.count - input else { throw damaged }
        var value = 0
        for index in 0..<width { value |= unsafe Int(source[input + index]) << (8 * index) }
        input += width
        return value
    }
}
