using SplitInfer.Client.Transport;
using SplitInfer.Protocol;
using SplitInfer.Server.Models;
using SplitInfer.Tensors;
using SplitInfer.Testing.Wire;

namespace SplitInfer.IntegrationTests.Transport;

/// <summary>Runs the tail where it is called, with no wire between: what every other transport must be like from outside.</summary>
internal sealed class InProcessTransport(IServedModel model) : ITailTransport
{
    private readonly PlanLayouts _layouts = new(model.Plan);

    public async ValueTask<TailReply> SendAsync(TailRequest request, CancellationToken cancellationToken = default)
    {
        if (request.Partition == model.Plan.AllOnDevice || !request.Partition.IsAdmissible)
            throw new TailRefusedException(RefusalCode.InvalidPartition, "There is no such tail.");
        var boundary = Decode(request);
        try
        {
            var outputs = new TensorValue[request.Partition.TailOutputs.Length];
            using var tail = await model.RentTailAsync(request.Partition.Index, cancellationToken);
            await tail.Runner.RunAsync(boundary, outputs, cancellationToken);
            return new(outputs, default);
        }
        finally
        {
            Array.ForEach(boundary, static b => b.Dispose());
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private TensorValue[] Decode(TailRequest request)
    {
        var layout = _layouts.Boundary(request.Partition.Index);
        var shapes = layout.Resolve(request.SymbolSizes.AsSpan(), SizeLimits.Default);
        return [.. shapes.Select((shape, value) =>
        {
            var tensor = TensorValue.Allocate(layout.Values[value].Type, shape);
            var payload = WirePayload.Of(request.Codec, request.Boundary.Span[value]);
            request.Progress.BytesSent += payload.Length;
            WirePayload.Decode(request.Codec, tensor.ElementType, shape, payload).CopyTo(tensor.Bytes);
            return tensor;
        })];
    }
}
