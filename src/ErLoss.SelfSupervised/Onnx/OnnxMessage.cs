using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace ErLoss.SelfSupervised.Onnx;

/// <summary>
/// A message of protocol buffers, field by field (protobuf.dev, "Encoding"): each value follows a key, which is the number of the field and the kind of the value. The few messages of an ONNX file need
/// no more than this, and so no generated classes.
/// </summary>
internal sealed class OnnxMessage
{
    private const int WholeNumber = 0, Bytes = 2, FourBytes = 5; // kinds of values
    private const int KindBits = 3;
    private const int LongestNumber = 10, NumberBits = 7; // a byte holds seven bits; the eighth says that more follow

    private readonly ArrayBufferWriter<byte> _bytes = new();

    /// <summary>Adds a whole number.</summary>
    public OnnxMessage Add(int field, long value) => Key(field, WholeNumber).Number((ulong)value);

    /// <summary>Adds a float32.</summary>
    public OnnxMessage Add(int field, float value)
    {
        Key(field, FourBytes);
        BinaryPrimitives.WriteSingleLittleEndian(_bytes.GetSpan(sizeof(float)), value);
        _bytes.Advance(sizeof(float));
        return this;
    }

    /// <summary>Adds a text.</summary>
    public OnnxMessage Add(int field, string value) => Add(field, Encoding.UTF8.GetBytes(value));

    /// <summary>Adds bytes.</summary>
    public OnnxMessage Add(int field, ReadOnlySpan<byte> value)
    {
        Key(field, Bytes).Number((ulong)value.Length);
        _bytes.Write(value);
        return this;
    }

    /// <summary>Adds a message.</summary>
    public OnnxMessage Add(int field, OnnxMessage value) => Add(field, value._bytes.WrittenSpan);

    /// <summary>Writes the message.</summary>
    public void WriteTo(Stream stream) => stream.Write(_bytes.WrittenSpan);

    private OnnxMessage Key(int field, int kind) => Number(((ulong)field << KindBits) | (uint)kind);

    private OnnxMessage Number(ulong value)
    {
        const ulong More = 1 << NumberBits;
        Span<byte> bytes = _bytes.GetSpan(LongestNumber);
        int length = 0;
        for (; value >= More; value >>= NumberBits)
        {
            bytes[length++] = (byte)(value | More);
        }
        bytes[length++] = (byte)value;
        _bytes.Advance(length);
        return this;
    }
}
