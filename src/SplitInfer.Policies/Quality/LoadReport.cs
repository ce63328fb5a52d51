using System.Buffers.Binary;
using System.Collections.Immutable;

namespace SplitInfer.Policies.Quality;

/// <summary>Requests that are alike to a node's price.</summary>
/// <param name="Curve">The id of their model's curve.</param>
/// <param name="Depth">Index of the deepest exit that their deadline leaves time for.</param>
/// <param name="Weight">Their mean weight.</param>
/// <param name="Rate">How many come in a second.</param>
public readonly record struct LoadClass(ushort Curve, byte Depth, float Weight, float Rate);

/// <summary>What a node tells the coordinator, about once a second; 22 to 88 bytes.</summary>
/// <param name="Node">The node.</param>
/// <param name="Sequence">Counts its reports.</param>
/// <param name="Lanes">Requests that it runs at a time.</param>
/// <param name="Slowness">What runs take there, as a multiple of what their curves say.</param>
/// <param name="Utilization">Share of its lanes' time that was used.</param>
/// <param name="Classes">What came, at most <see cref="MaxClasses"/> kinds.</param>
public sealed record LoadReport(uint Node, uint Sequence, float Lanes, float Slowness, float Utilization, ImmutableArray<LoadClass> Classes)
{
    /// <summary>The most classes; what is none of them counts as the nearest.</summary>
    public const int MaxClasses = 6;

    private const byte Version = 1;
    private const int HeaderBytes = 22;
    private const int ClassBytes = 11;

    /// <summary>The report as bytes, little-endian.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[HeaderBytes + (Classes.Length * ClassBytes)];
        bytes[0] = Version;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(1), Node);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(5), Sequence);
        BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(9), Lanes);
        BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(13), Slowness);
        BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(17), Utilization);
        bytes[21] = (byte)Classes.Length;
        for (var i = 0; i < Classes.Length; i++)
        {
            var at = bytes.AsSpan(HeaderBytes + (i * ClassBytes));
            BinaryPrimitives.WriteUInt16LittleEndian(at, Classes[i].Curve);
            at[2] = Classes[i].Depth;
            BinaryPrimitives.WriteSingleLittleEndian(at[3..], Classes[i].Weight);
            BinaryPrimitives.WriteSingleLittleEndian(at[7..], Classes[i].Rate);
        }

        return bytes;
    }

    /// <summary>Reads a report that anyone may have sent.</summary>
    /// <exception cref="QualityMessageException">It is none, or says what no node can.</exception>
    public static LoadReport FromBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderBytes || bytes[0] != Version) throw new QualityMessageException($"These {bytes.Length} bytes are no load report of version {Version}; run the same version on node and coordinator.");
        int count = bytes[21];
        if (count > MaxClasses || bytes.Length != HeaderBytes + (count * ClassBytes)) throw new QualityMessageException($"A load report of {count} classes has {HeaderBytes + (count * ClassBytes)} bytes and at most {MaxClasses} classes; this one has {bytes.Length} bytes.");
        var classes = new LoadClass[count];
        for (var i = 0; i < count; i++)
        {
            var at = bytes[(HeaderBytes + (i * ClassBytes))..];
            classes[i] = new(BinaryPrimitives.ReadUInt16LittleEndian(at), at[2], BinaryPrimitives.ReadSingleLittleEndian(at[3..]), BinaryPrimitives.ReadSingleLittleEndian(at[7..]));
            if (!(classes[i].Weight > 0) || !float.IsFinite(classes[i].Weight) || !(classes[i].Rate >= 0) || !float.IsFinite(classes[i].Rate)) throw new QualityMessageException("A load report has weights above 0 and rates of at least 0.");
        }

        var report = new LoadReport(
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[1..]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[5..]), BinaryPrimitives.ReadSingleLittleEndian(bytes[9..]),
            BinaryPrimitives.ReadSingleLittleEndian(bytes[13..]), BinaryPrimitives.ReadSingleLittleEndian(bytes[17..]), [.. classes]);
        if (!(report.Lanes > 0) || !float.IsFinite(report.Lanes) || !(report.Slowness > 0) || !float.IsFinite(report.Slowness) || !float.IsFinite(report.Utilization)) throw new QualityMessageException("A load report has lanes and slowness above 0 and a finite utilization.");
        return report;
    }
}

/// <summary>Bytes of a peer are no report or price. The message says what is expected.</summary>
public sealed class QualityMessageException : FormatException
{
    /// <summary>Creates the error.</summary>
    public QualityMessageException(string message) : base(message) { }
}
