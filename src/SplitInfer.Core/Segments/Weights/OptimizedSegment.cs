using Google.Protobuf;
using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Segments.Weights;

/// <summary>
/// A segment as the engine optimised it, with its large constants taken out into a <see cref="WeightStore"/>. What the
/// optimiser makes of a weight, such as the layout that the machine's vectors want, is the same in every segment that has
/// it, so the optimised weights are what can be shared; those of the file are not what runs.
/// </summary>
internal sealed class OptimizedSegment : IDisposable
{
    /// <summary>Smaller constants stay in the model: they may be shapes and axes, which are looked at when it is loaded.</summary>
    public const int MinSharedBytes = 1024;

    /// <summary>The engine asks that the file of external data exists, and reads nothing from it where the value is given to it.</summary>
    private const string PlaceholderName = "weights";

    private readonly WeightStore _store;
    private readonly List<(string Name, Weight Weight)> _weights = [];

    private OptimizedSegment(WeightStore store) => _store = store;

    /// <summary>Bytes of the model without its shared weights.</summary>
    public long GraphBytes { get; private set; }

    /// <summary>Loads a segment in such a way that its weights are shared with other segments.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="options">How it is run; CPU only, since the optimised form is the CPU's.</param>
    /// <param name="store">Where the weights are kept.</param>
    /// <param name="group">The sessions that share what kernels make of these weights.</param>
    /// <param name="session">The session, which keeps the memory of its weights.</param>
    /// <returns>What gives the weights back to the store, after the session.</returns>
    public static OptimizedSegment Load(SegmentModel segment, ExecutionOptions options, WeightStore store, ISessionGroup group, out IEngineSession session)
    {
        var optimized = new OptimizedSegment(store);
        var folder = Directory.CreateTempSubdirectory("splitinfer-");
        try
        {
            File.WriteAllBytes(Path.Combine(folder.FullName, PlaceholderName), []);
            var model = optimized.TakeWeights(EngineModel.Parse(options.Engine.Optimize(segment.ToBytes(), options, segment.ExternalDataFolder)));
            optimized.GraphBytes = model.Length;
            session = group.Load(model, options.With(GraphOptimization.None), new()
            {
                ExternalDataFolder = folder.FullName,
                Initializers = [.. optimized._weights.Select(static w => (w.Name, w.Weight.Value))],
                UseSharedArena = true,
            });
            return optimized;
        }
        catch
        {
            optimized.Dispose();
            throw;
        }
        finally
        {
            Delete(folder);
        }
    }

    /// <summary>Gives the weights back.</summary>
    public void Dispose()
    {
        foreach (var (_, weight) in _weights) _store.Return(weight);
        _weights.Clear();
    }

    private static void Delete(DirectoryInfo folder)
    {
        try
        {
            folder.Delete(recursive: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Somebody else cleans up temporary files too. The segment is loaded all the same.
        }
    }

    private byte[] TakeWeights(ModelProto model)
    {
        foreach (var initializer in model.Graph.Initializer.Where(IsShared)) TakeWeight(initializer);
        return model.ToByteArray();
    }

    private void TakeWeight(TensorProto initializer)
    {
        using var tensor = TensorProtoReader.Read(initializer);
        _weights.Add((initializer.Name, _store.Take(tensor.ElementType, tensor.Shape, tensor.Bytes.Span)));
        initializer.ClearRawData();
        initializer.FloatData.Clear();
        initializer.Int32Data.Clear();
        initializer.Int64Data.Clear();
        initializer.DoubleData.Clear();
        initializer.Uint64Data.Clear();
        initializer.DataLocation = TensorProto.Types.DataLocation.External;
        initializer.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = PlaceholderName });
    }

    private static bool IsShared(TensorProto initializer) =>
        initializer.DataLocation == TensorProto.Types.DataLocation.Default
        && (ElementType)initializer.DataType != ElementType.Text && ((ElementType)initializer.DataType).CanBeBound()
        && ((ElementType)initializer.DataType).ByteSize(initializer.Dims.Aggregate(1L, static (count, size) => count * size)) >= MinSharedBytes;
}
