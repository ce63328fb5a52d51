using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using SplitInfer.Models;
using SplitInfer.Partitioning.Probing;

namespace SplitInfer.Partitioning;

/// <summary>
/// The digest of what client and server must agree on: the compute nodes in order, and for each value where it is produced and last used, its type and dimensions. All boundaries
/// follow from these. Sizes that the plan was made with and cuts that an application excludes do not affect it.
/// </summary>
internal readonly ref struct PlanFingerprint
{
    // Changes with the meaning of a plan.
    private const long Version = 2;

    private readonly IncrementalHash _hash;

    private PlanFingerprint(IncrementalHash hash) => _hash = hash;

    public static Fingerprint Of(ModelGraph graph, ValueCatalog catalog)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var digest = new PlanFingerprint(hash);
        digest.Add(Version);
        digest.Add(graph.Nodes.Length);
        foreach (var node in graph.Nodes) digest.Add(node.Proto.OpType);
        digest.Add(graph.Values.Length);
        foreach (var value in graph.Values) digest.Add(value, catalog.Crossing(value));
        digest.Add(graph.Outputs.Count);
        foreach (var output in graph.Outputs) digest.Add(output.Name);
        return new(hash.GetHashAndReset());
    }

    private void Add(GraphValue value, ValueEntry entry)
    {
        Add(value.Name);
        Add(value.Producer);
        Add(value.LastUse);
        Add(entry.NotTransferableReason is null ? 0 : 1);
        Add((long)entry.Spec.Type);
        Add(entry.Spec.IsRanked ? entry.Spec.Dimensions.Length : -1);
        foreach (var dimension in entry.Spec.Dimensions)
        {
            Add(dimension.Size);
            Add(dimension.Symbol ?? "");
        }
    }

    private void Add(long number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        _hash.AppendData(bytes);
    }

    private void Add(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Add(bytes.Length);
        _hash.AppendData(bytes);
    }
}
