using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using SplitInfer.AspNetCore.Grpc.Messages;
using SplitInfer.AspNetCore.OpenInference;
using SplitInfer.Protocol;
using SplitInfer.Server;
using SplitInfer.Server.WholeModels;
using SplitInfer.Tensors;

namespace SplitInfer.AspNetCore.Grpc;

/// <summary>The Open Inference Protocol over gRPC. Clients have been let in by <see cref="GrpcAdmission"/>.</summary>
/// <param name="server">The server that it shows.</param>
internal sealed class InferenceService(SplitInferServer server) : GRPCInferenceService.GRPCInferenceServiceBase
{
    /// <summary>How tensors travel, for telemetry.</summary>
    private const string Codec = "Grpc";

    /// <inheritdoc/>
    public override Task<ServerLiveResponse> ServerLive(ServerLiveRequest request, ServerCallContext context) => Task.FromResult(new ServerLiveResponse { Live = true });

    /// <inheritdoc/>
    public override async Task<ServerReadyResponse> ServerReady(ServerReadyRequest request, ServerCallContext context) =>
        new() { Ready = await server.IsReadyAsync(context.CancellationToken).ConfigureAwait(false) };

    /// <inheritdoc/>
    public override async Task<ModelReadyResponse> ModelReady(ModelReadyRequest request, ServerCallContext context)
    {
        var (_, asked) = Find(request.Name, request.Version);
        return new() { Ready = await server.IsReadyAsync(asked.Name, asked.Version, context.CancellationToken).ConfigureAwait(false) };
    }

    /// <inheritdoc/>
    public override Task<ServerMetadataResponse> ServerMetadata(ServerMetadataRequest request, ServerCallContext context) => Task.FromResult(new ServerMetadataResponse
    {
        Name = ServerDocument.Description.Name,
        Version = ServerDocument.Description.Version,
        Extensions = { ServerDocument.Description.Extensions },
    });

    /// <inheritdoc/>
    public override Task<ModelMetadataResponse> ModelMetadata(ModelMetadataRequest request, ServerCallContext context)
    {
        var (versions, asked) = Find(request.Name, request.Version);
        var document = ModelDocument.Of(asked, versions);
        return Task.FromResult(new ModelMetadataResponse
        {
            Name = document.Name,
            Versions = { document.Versions },
            Platform = document.Platform,
            Inputs = { document.Inputs.Select(Describe) },
            Outputs = { document.Outputs.Select(Describe) },
        });

        static ModelMetadataResponse.Types.TensorMetadata Describe(TensorDocument tensor) => new() { Name = tensor.Name, Datatype = tensor.Datatype, Shape = { tensor.Shape } };
    }

    /// <inheritdoc/>
    public override Task<RepositoryIndexResponse> RepositoryIndex(RepositoryIndexRequest request, ServerCallContext context) => Task.FromResult(new RepositoryIndexResponse
    {
        Models = { IndexEntry.AllOf(server, request.Ready).Select(static entry => new RepositoryIndexResponse.Types.ModelIndex { Name = entry.Name, Version = entry.Version, State = entry.State, Reason = entry.Reason ?? "" }) },
    });

    /// <inheritdoc/>
    public override async Task<ModelInferResponse> ModelInfer(ModelInferRequest request, ServerCallContext context)
    {
        var http = context.GetHttpContext();
        try
        {
            var models = server.WholeModels ?? throw Refusals.Stopping();
            var (client, took) = GrpcAdmission.AdmittedTo(http);
            var (_, asked) = Find(request.ModelName, request.ModelVersion);
            var run = models.Begin(client, asked.Name, asked.Version, Codec, context.CancellationToken);
            // What is answered is written once this has returned.
            http.Response.RegisterForDispose(run);
            try
            {
                return await RunAsync(request, run, models.Sizes, context, took).ConfigureAwait(false);
            }
            catch (InferenceException refused)
            {
                run.Reject(refused.Code, refused.Message);
                throw;
            }
            catch (Exception error) when (error is not (TailRefusedException or RpcException or OperationCanceledException))
            {
                throw run.Fail(error);
            }
        }
        catch (TailRefusedException refused)
        {
            throw GrpcErrors.Of(Refusals.Of(refused));
        }
        catch (InferenceException refused)
        {
            throw GrpcErrors.Of(refused);
        }
    }

    private static async Task<ModelInferResponse> RunAsync(ModelInferRequest request, WholeModelRequest run, SizeLimits limits, ServerCallContext context, TimeSpan took)
    {
        var isRaw = request.RawInputContents.Count > 0;
        if (isRaw && request.RawInputContents.Count != request.Inputs.Count)
            throw InferenceException.Bad($"The request has {request.Inputs.Count} inputs and {request.RawInputContents.Count} raw_input_contents. Send one for each input, or none.");
        using var tensors = new InputTensors(run, limits);
        var places = new int[request.Inputs.Count];
        for (var input = 0; input < places.Length; input++)
        {
            var given = request.Inputs[input];
            if (isRaw && given.Contents is not null) throw InferenceException.Bad($"Input '{PeerText.Clean(given.Name)}' has contents, and the request raw_input_contents. Send its elements in one of the two ways.");
            places[input] = tensors.Expect(given.Name, given.Datatype, [.. given.Shape], isRaw ? request.RawInputContents[input].Length : null);
            if (!isRaw) TypedContents.RequireElements(given, run.Inputs[places[input]].Type);
        }

        // What the message comes to has been counted, the tensors with it.
        tensors.Allocate(areCounted: true);
        for (var input = 0; input < places.Length; input++)
        {
            var tensor = tensors[places[input]];
            if (isRaw) request.RawInputContents[input].Span.CopyTo(tensor.Bytes.Span);
            else TypedContents.Read(request.Inputs[input], tensor);
            tensors.Check(places[input]);
        }

        var chosen = Choose(request, run);
        if (DeadlineOf(request, context, took) is { } deadline) run.ExpireAfter(deadline);
        await run.RunAsync(tensors.Take()).ConfigureAwait(false);
        return Answer(request, run, chosen, isRaw);
    }

    private static List<TensorSpec> Choose(ModelInferRequest request, WholeModelRequest run) =>
        [.. InferResponseWriter.Choose(new(null, null, IsBinary: true, [], [.. request.Outputs.Select(static output => new InferOutput(output.Name, null))]), run).Select(static one => one.Spec)];

    private static ModelInferResponse Answer(ModelInferRequest request, WholeModelRequest run, List<TensorSpec> chosen, bool isRaw)
    {
        List<(TensorSpec Spec, TensorValue Tensor)> outputs = [.. chosen.Select(spec => (spec, run.OutputOf(spec)))];
        run.BytesSent = outputs.Sum(static one => (long)one.Tensor.ByteLength);
        isRaw |= outputs.Exists(static one => !TypedContents.CanHold(one.Tensor.ElementType));
        // Raw, the objects of the message are the outputs themselves.
        if (!isRaw) Hold(run, outputs.Sum(static one => one.Tensor.Shape.ElementCount * TypedContents.WidthOf(one.Tensor.ElementType)));
        var response = new ModelInferResponse { ModelName = run.ModelName, ModelVersion = run.ModelVersion, Id = request.Id };
        foreach (var (spec, tensor) in outputs)
        {
            var output = new ModelInferResponse.Types.InferOutputTensor { Name = spec.Name, Datatype = Datatypes.WordOf(tensor.ElementType) };
            foreach (var size in tensor.Shape.Dimensions) output.Shape.Add(size);
            if (isRaw) response.RawOutputContents.Add(UnsafeByteOperations.UnsafeWrap(tensor.Bytes));
            else output.Contents = TypedContents.Of(tensor);
            response.Outputs.Add(output);
        }

        // What is sent is another copy.
        Hold(run, (uint)response.CalculateSize());
        return response;
    }

    private static void Hold(WholeModelRequest run, long bytes)
    {
        run.Promise(bytes);
        run.Hold(bytes);
    }

    private static TimeSpan? DeadlineOf(ModelInferRequest request, ServerCallContext context, TimeSpan took)
    {
        TimeSpan? deadline = request.Parameters.TryGetValue("timeout", out var timeout) && timeout.Int64Param is > 0 and var microseconds
            ? TimeSpan.FromMicroseconds(Math.Min(microseconds, RequestBounds.LongestDeadlineMicroseconds))
            : null;
        // By the clock of gRPC, which begins to count once the message is there.
        if (context.Deadline == DateTime.MaxValue) return deadline;
        var left = context.Deadline - took - TimeProvider.System.GetUtcNow().UtcDateTime;
        if (left <= TimeSpan.Zero) throw new InferenceException(StatusCodes.Status504GatewayTimeout, "The deadline passed before the request was read. Allow more time.") { Code = RefusalCode.DeadlineExceeded };
        return deadline < left ? deadline : left;
    }

    private (ServedModelStatus[] Versions, ServedModelStatus Asked) Find(string name, string version)
    {
        ServedModelStatus[] versions = [.. server.Models.Where(model => model.Name == name)];
        return versions.FirstOrDefault(model => version.Length == 0 || model.Version == version) is { } asked
            ? (versions, asked)
            : throw GrpcErrors.Of(new(StatusCodes.Status404NotFound, versions.Length == 0 ? "This server has no model of that name." : "This server does not have that version of the model."));
    }
}
