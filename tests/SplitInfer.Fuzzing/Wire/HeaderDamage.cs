using System.Collections;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;

namespace SplitInfer.Fuzzing.Wire;

/// <summary>Damages the fields of a frame's protobuf header, so that it stays well-formed and says what no end of this release would.</summary>
internal static class HeaderDamage
{
    private static readonly ulong[] Telling = [0, 1, 2, 3, 5, 16, 255, 1024, 65_535, 1 << 20, (1 << 20) + 1, 1 << 24, int.MaxValue, 1UL << 31, uint.MaxValue, 1UL << 32, 1UL << 40, 1UL << 62, long.MaxValue, 1UL << 63, ulong.MaxValue];

    private static readonly Dictionary<FrameType, MessageParser> Parsers = new()
    {
        [FrameType.Hello] = Hello.Parser, [FrameType.Welcome] = Welcome.Parser, [FrameType.OpenModel] = OpenModel.Parser, [FrameType.ModelOpened] = ModelOpened.Parser,
        [FrameType.Request] = RequestHeader.Parser, [FrameType.Response] = ResponseHeader.Parser, [FrameType.Error] = ErrorHeader.Parser, [FrameType.ModelRefused] = ErrorHeader.Parser, [FrameType.GoAway] = GoAway.Parser,
    };

    /// <summary>A damaged header; null where the frame has none that can be read.</summary>
    public static byte[]? Of(Random random, FrameType type, ReadOnlySpan<byte> header)
    {
        if (!Parsers.TryGetValue(type, out var parser)) return null;
        try
        {
            var message = parser.ParseFrom(header);
            for (var i = random.Next(1, 3); i > 0; i--) Damage(random, message);
            return message.ToByteArray();
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }

    /// <summary>Damages one field.</summary>
    public static void Damage(Random random, IMessage message)
    {
        var fields = message.Descriptor.Fields.InDeclarationOrder();
        var field = fields[random.Next(fields.Count)];
        if (field.FieldType == FieldType.Message)
        {
            switch (field.Accessor.GetValue(message))
            {
                case IMessage inner:
                    Damage(random, inner);
                    break;
                case IList { Count: > 0 } inner:
                    var at = random.Next(inner.Count);
                    if (random.Next(4) > 0) Damage(random, (IMessage)inner[at]!);
                    else for (var copies = random.Next(8) == 0 ? 5000 : 1; copies > 0; copies--) inner.Add(inner[at]);
                    break;
            }

            return;
        }

        if (!field.IsRepeated)
        {
            field.Accessor.SetValue(message, Value(random, field.FieldType));
            return;
        }

        var list = (IList)field.Accessor.GetValue(message);
        var many = random.Next(8) == 0 ? 3000 : random.Next(1, 4);
        if (list.Count > 0 && random.Next(2) == 0) list[random.Next(list.Count)] = Value(random, field.FieldType);
        else if (random.Next(4) == 0) list.Clear();
        else for (; many > 0; many--) list.Add(Value(random, field.FieldType));
    }

    private static object Value(Random random, FieldType type)
    {
        var number = Telling[random.Next(Telling.Length)] + (ulong)random.Next(2);
        return type switch
        {
            FieldType.UInt32 => (uint)number,
            FieldType.UInt64 or FieldType.Fixed64 => number,
            FieldType.Int64 => (long)number,
            FieldType.Bool => random.Next(2) == 0,
            FieldType.Float => random.Next(3) == 0 ? float.NaN : BitConverter.UInt32BitsToSingle((uint)number),
            FieldType.Bytes => ByteString.CopyFrom(new byte[random.Next(70)]),
            _ => ((string[])["", "Raw", "Lz4", "model", "\0", "\u001b[31m", new string('x', 3000)])[random.Next(7)],
        };
    }
}
