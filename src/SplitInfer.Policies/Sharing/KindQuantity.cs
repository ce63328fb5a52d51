using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace SplitInfer.Policies.Sharing;

/// <summary>What devices of a kind learn a number of.</summary>
internal enum KindQuantityType : byte
{
    /// <summary>ln of the seconds that a head takes while nothing slows the device down, by variant and cut.</summary>
    Head = 1,

    /// <summary>ln of the seconds that a tail takes, by server, variant, cut and exit on the server.</summary>
    Tail = 2,

    /// <summary>ln of the seconds of a link that do not depend on what is sent, by server.</summary>
    LinkSeconds = 3,

    /// <summary>ln of the seconds a bit of a link, by server.</summary>
    LinkSecondsPerBit = 4,

    /// <summary>ln of the odds that an exit answers, by variant and exit.</summary>
    ExitOdds = 5,
}

/// <summary>One quantity that a device learns, by what it is of. Rises by type, server, variant, cut and exit. The server is a hash of its name, so that no name is passed on.</summary>
internal readonly record struct KindQuantity(KindQuantityType Type, ulong Server, ushort Variant, ushort Cut, ushort Exit) : IComparable<KindQuantity>
{
    /// <summary>What a server is known by.</summary>
    public static ulong HashOf(string server)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(server), hash);
        return BinaryPrimitives.ReadUInt64LittleEndian(hash);
    }

    /// <summary>The least number that is told from a smaller one.</summary>
    public double Least => Type switch { KindQuantityType.LinkSecondsPerBit => -30, KindQuantityType.ExitOdds => -LogHistogram.Range / 2, _ => -18 };

    public int CompareTo(KindQuantity other)
    {
        var order = Type.CompareTo(other.Type);
        if (order == 0) order = Server.CompareTo(other.Server);
        if (order == 0) order = Variant.CompareTo(other.Variant);
        if (order == 0) order = Cut.CompareTo(other.Cut);
        return order != 0 ? order : Exit.CompareTo(other.Exit);
    }
}
