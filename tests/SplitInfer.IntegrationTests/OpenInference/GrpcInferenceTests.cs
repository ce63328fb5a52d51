using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Inference;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using SplitInfer.AspNetCore;
using SplitInfer.Partitioning;
using SplitInfer.Server;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Execution;

namespace SplitInfer.IntegrationTests.OpenInference;

/// <summary>Whole models over gRPC, for clients that know the protocol alone.</summary>
public sealed class GrpcInferenceTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<ElementType> Types { get; } = new(SmallModels.Types);

    [Theory]
    [MemberData(nameof(Types))]
    public async Task Tensors_of_every_type_come_and_go_raw_and_typed_and_are_those_of_the_engine(ElementType type)
    {
        var model = SmallModels.Transpose(type);
        await using var server = await StartAsync(model);
        using var x = RandomTensor.Normal(new Random(3), type, 5, 7);
        var expected = PlainRun.Of(model, ("x", x))[0];
        var word = SmallModels.Word(type);
        var raw = await server.Client.ModelInferAsync(new() { ModelName = "m", Id = "42", Inputs = { Input("x", word, 5, 7) }, RawInputContents = { ByteString.CopyFrom(x.Bytes.Span) } });
        Assert.Equal(("m", "1", "42"), (raw.ModelName, raw.ModelVersion, raw.Id));
        var output = Assert.Single(raw.Outputs);
        Assert.Equal(("y", word), (output.Name, output.Datatype));
        Assert.Equal([7, 5], output.Shape);
        Assert.Equal(expected.Bytes.ToArray(), Assert.Single(raw.RawOutputContents).ToByteArray());
        if (type == ElementType.Float16) return;

        var typed = Input("x", word, 5, 7);
        typed.Contents = ContentsOf(x);
        var answer = await server.Client.ModelInferAsync(new() { ModelName = "m", ModelVersion = "1", Inputs = { typed } });
        Assert.Empty(answer.RawOutputContents);
        Assert.Equal(ContentsOf(expected), Assert.Single(answer.Outputs).Contents);
    }

    [Fact]
    public async Task The_server_and_its_models_say_what_they_are()
    {
        await using var server = await StartAsync(SmallModels.Sum());
        Assert.True((await server.Client.ServerLiveAsync(new())).Live);
        Assert.True((await server.Client.ServerReadyAsync(new())).Ready);
        Assert.True((await server.Client.ModelReadyAsync(new() { Name = "m" })).Ready);
        Assert.Equal("splitinfer", (await server.Client.ServerMetadataAsync(new())).Name);
        var model = await server.Client.ModelMetadataAsync(new() { Name = "m", Version = "1" });
        Assert.Equal("a FP32 -1,3; b FP32 -1,3", string.Join("; ", model.Inputs.Select(static input => $"{input.Name} {input.Datatype} {string.Join(',', input.Shape)}")));
        Assert.Equal(["sum", "less"], model.Outputs.Select(static output => output.Name));
        Assert.Equal(["m 1 READY"], (await server.Client.RepositoryIndexAsync(new())).Models.Select(static entry => $"{entry.Name} {entry.Version} {entry.State}"));
    }

    [Fact]
    public async Task Outputs_that_are_asked_for_come_in_their_order()
    {
        await using var server = await StartAsync(SmallModels.Sum());
        var request = Sum();
        request.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "less" });
        request.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "sum" });
        var answer = await server.Client.ModelInferAsync(request);
        Assert.Equal(["less", "sum"], answer.Outputs.Select(static output => output.Name));
        Assert.Equal([true, false, false], answer.Outputs[0].Contents.BoolContents);
        Assert.Equal([11f, 4f, 6f], answer.Outputs[1].Contents.Fp32Contents);
    }

    public static TheoryData<string, StatusCode, string> WrongRequests { get; } = new()
    {
        { "model", StatusCode.NotFound, "no model of that name" },
        { "version", StatusCode.NotFound, "that version" },
        { "missing", StatusCode.InvalidArgument, "'b' is missing" },
        { "name", StatusCode.InvalidArgument, "no input 'c'" },
        { "datatype", StatusCode.InvalidArgument, "datatype INT8" },
        { "shape", StatusCode.InvalidArgument, "shape [3]" },
        { "negative", StatusCode.InvalidArgument, "dimension of -1" },
        { "large", StatusCode.InvalidArgument, "Limits.Sizes" },
        { "few", StatusCode.InvalidArgument, "has 2 elements" },
        { "none", StatusCode.InvalidArgument, "has 0 elements" },
        { "both", StatusCode.InvalidArgument, "one of the two ways" },
        { "raw", StatusCode.InvalidArgument, "raw_input_contents" },
        { "output", StatusCode.InvalidArgument, "no output 'c'" },
        { "late", StatusCode.DeadlineExceeded, "" },
    };

    [Theory]
    [MemberData(nameof(WrongRequests))]
    public async Task A_wrong_request_is_answered_with_what_to_do(string wrong, StatusCode code, string words)
    {
        await using var server = await StartAsync(SmallModels.Sum());
        var request = Sum();
        var options = default(CallOptions);
        switch (wrong)
        {
            case "model": request.ModelName = "n"; break;
            case "version": request.ModelVersion = "2"; break;
            case "missing": request.Inputs.RemoveAt(1); break;
            case "name": request.Inputs[0].Name = "c"; break;
            case "datatype": request.Inputs[0].Datatype = "INT8"; break;
            case "shape": request.Inputs[0].Shape.RemoveAt(0); break;
            case "negative": request.Inputs[0].Shape[0] = -1; break;
            case "large": (request.Inputs[0].Shape[0], request.Inputs[0].Shape[1]) = (long.MaxValue, long.MaxValue); break;
            case "few": request.Inputs[0].Contents.Fp32Contents.RemoveAt(0); break;
            case "none": request.Inputs[0].Contents = null; break;
            case "both": request.RawInputContents.AddRange([ByteString.Empty, ByteString.Empty]); break;
            case "raw": request.RawInputContents.Add(ByteString.Empty); break;
            case "output": request.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "c" }); break;
            default: options = new(deadline: DateTime.UtcNow.AddSeconds(-1)); break;
        }

        var refused = await Assert.ThrowsAsync<RpcException>(async () => await server.Client.ModelInferAsync(request, options));
        Assert.True(code == refused.StatusCode, refused.ToString());
        Assert.Contains(words, refused.Status.Detail, StringComparison.Ordinal);
        Assert.Equal([11f, 4f, 6f], (await server.Client.ModelInferAsync(Sum())).Outputs[0].Contents.Fp32Contents);
    }

    [Fact]
    public async Task A_message_that_is_compressed_is_refused()
    {
        await using var server = await StartAsync(SmallModels.Sum());
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await server.Client.ModelInferAsync(Sum(), new Metadata { { "grpc-internal-encoding-request", "gzip" } }));
        Assert.Equal(StatusCode.Unimplemented, refused.StatusCode);
    }

    [Fact]
    public async Task A_message_over_the_limit_is_refused_before_it_is_taken_into_memory()
    {
        await using var server = await StartAsync(SmallModels.Transpose(ElementType.UInt8), static options => options.Limits.Sizes = new() { MaxBytes = 1000 });
        var request = new ModelInferRequest { ModelName = "m", Inputs = { Input("x", "UINT8", 2000, 1000) }, RawInputContents = { ByteString.CopyFrom(new byte[2_000_000]) } };
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await server.Client.ModelInferAsync(request));
        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        Assert.Contains("Limits.Sizes.MaxBytes", refused.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Large_tensors_come_and_go_and_nothing_is_held_afterwards()
    {
        await using var server = await StartAsync(SmallModels.Transpose(ElementType.UInt8));
        var bytes = new byte[32 << 20];
        new Random(1).NextBytes(bytes);
        var answer = await server.Client.ModelInferAsync(new() { ModelName = "m", Inputs = { Input("x", "UINT8", 4, bytes.Length / 4) }, RawInputContents = { ByteString.CopyFrom(bytes) } });
        Assert.Equal((bytes.Length, bytes[0], bytes[bytes.Length / 4]), (answer.RawOutputContents[0].Length, answer.RawOutputContents[0][0], answer.RawOutputContents[0][1]));
        while (server.Server.HeldBytes > 0) await Task.Delay(1);
    }

    [Fact]
    public async Task A_request_over_what_its_client_may_ever_hold_is_refused_for_good()
    {
        await using var server = await StartAsync(SmallModels.Sum(), static options => options.Limits.MaxHeldBytesPerMachine = 10);
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await server.Client.ModelInferAsync(Sum()));
        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        Assert.Contains("Limits.MaxHeldBytesPerMachine", refused.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_let_in_and_only_health_is_answered_without()
    {
        await File.WriteAllTextAsync(_folder["keys"], "phone a-key-of-a-phone-0123456789");
        await using var server = await StartAsync(SmallModels.Sum(), options => options.Security.KeysFile = _folder["keys"]);
        Assert.True((await server.Client.ServerLiveAsync(new())).Live);
        Assert.True((await server.Client.ServerReadyAsync(new())).Ready);
        foreach (var call in (Func<Task>[])
        [
            async () => await server.Client.ModelInferAsync(Sum()),
            async () => await server.Client.ModelInferAsync(Sum(), new Metadata { { "authorization", "Bearer wrong-key-0123456789" } }),
            async () => await server.Client.ModelMetadataAsync(new() { Name = "m" }),
            async () => await server.Client.RepositoryIndexAsync(new()),
            async () => await server.Client.ModelReadyAsync(new() { Name = "m" }),
        ])
        {
            Assert.Equal(StatusCode.Unauthenticated, (await Assert.ThrowsAsync<RpcException>(call)).StatusCode);
        }

        var known = new Metadata { { "authorization", "Bearer a-key-of-a-phone-0123456789" } };
        Assert.NotEmpty((await server.Client.ModelInferAsync(Sum(), known)).Outputs);
        Assert.Equal("m", (await server.Client.ModelMetadataAsync(new() { Name = "m" }, known)).Name);
    }

    [Fact]
    public async Task An_application_has_the_service_at_an_address_of_its_own()
    {
        await using var application = Application(static services => services.AddSplitInferGrpc());
        application.MapSplitInferGrpc();
        await application.StartAsync();
        using var channel = GrpcChannel.ForAddress(application.Urls.Single());
        var client = new GRPCInferenceService.GRPCInferenceServiceClient(channel);
        Assert.Equal([11f, 4f, 6f], (await client.ModelInferAsync(Sum())).Outputs[0].Contents.Fp32Contents);
        var large = new ModelInferRequest { ModelName = "m", Inputs = { Input("a", "FP32", 2_000_000, 3), Input("b", "FP32", 2_000_000, 3) }, RawInputContents = { ByteString.CopyFrom(new byte[24_000_000]), ByteString.CopyFrom(new byte[24_000_000]) } };
        using var patient = GrpcChannel.ForAddress(application.Urls.Single(), new() { MaxReceiveMessageSize = null });
        Assert.Equal(24_000_000, (await new GRPCInferenceService.GRPCInferenceServiceClient(patient).ModelInferAsync(large)).RawOutputContents[0].Length);
    }

    [Fact]
    public async Task An_application_without_gRPC_is_told_what_to_add()
    {
        await using var application = Application(static _ => { });
        Assert.Contains("AddSplitInferGrpc()", Assert.Throws<InvalidOperationException>(() => application.MapSplitInferGrpc()).Message, StringComparison.Ordinal);
    }

    private static WebApplication Application(Action<IServiceCollection> add)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(static kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddRoutingCore().AddSplitInferServer(static options =>
        {
            options.Models.Add(new("m", "1", PartitionedModel.Load(SmallModels.Sum())));
            options.Listen.Add(new("tcp://127.0.0.1:0"));
        });
        add(builder.Services);
        return builder.Build();
    }

    private static ModelInferRequest Sum()
    {
        var request = new ModelInferRequest { ModelName = "m", Inputs = { Input("a", "FP32", 1, 3), Input("b", "FP32", 1, 3) } };
        request.Inputs[0].Contents = new() { Fp32Contents = { 1, 2, 3 } };
        request.Inputs[1].Contents = new() { Fp32Contents = { 10, 2, 3 } };
        return request;
    }

    private static ModelInferRequest.Types.InferInputTensor Input(string name, string datatype, params long[] shape) => new() { Name = name, Datatype = datatype, Shape = { shape } };

    private static InferTensorContents ContentsOf(TensorValue tensor)
    {
        var contents = new InferTensorContents();
        switch (tensor.ElementType)
        {
            case ElementType.Bool: contents.BoolContents.AddRange(tensor.Bytes.ToArray().Select(static value => value != 0)); break;
            case ElementType.Int8: contents.IntContents.AddRange(tensor.Span<sbyte>().ToArray().Select(static value => (int)value)); break;
            case ElementType.Int16: contents.IntContents.AddRange(tensor.Span<short>().ToArray().Select(static value => (int)value)); break;
            case ElementType.Int32: contents.IntContents.AddRange(tensor.Span<int>().ToArray()); break;
            case ElementType.Int64: contents.Int64Contents.AddRange(tensor.Span<long>().ToArray()); break;
            case ElementType.UInt8: contents.UintContents.AddRange(tensor.Bytes.ToArray().Select(static value => (uint)value)); break;
            case ElementType.UInt16: contents.UintContents.AddRange(tensor.Span<ushort>().ToArray().Select(static value => (uint)value)); break;
            case ElementType.UInt32: contents.UintContents.AddRange(tensor.Span<uint>().ToArray()); break;
            case ElementType.UInt64: contents.Uint64Contents.AddRange(tensor.Span<ulong>().ToArray()); break;
            case ElementType.Float32: contents.Fp32Contents.AddRange(tensor.Span<float>().ToArray()); break;
            default: contents.Fp64Contents.AddRange(tensor.Span<double>().ToArray()); break;
        }

        return contents;
    }

    private static async Task<GrpcServer> StartAsync(byte[] model, Action<SplitInferServerOptions>? configure = null)
    {
        var options = new SplitInferServerOptions { Models = { new("m", "1", PartitionedModel.Load(model)) }, Listen = { new("tcp://127.0.0.1:0") }, Grpc = new("http://127.0.0.1:0") };
        configure?.Invoke(options);
        return new(await SplitInferServer.StartAsync(options.UseKestrel()));
    }

    private sealed class GrpcServer : IAsyncDisposable
    {
        private readonly GrpcChannel _channel;

        public GrpcServer(SplitInferServer server)
        {
            Server = server;
            _channel = GrpcChannel.ForAddress(server.GrpcEndpoint!, new() { MaxReceiveMessageSize = null, MaxSendMessageSize = null });
            Client = new(_channel);
        }

        public SplitInferServer Server { get; }

        public GRPCInferenceService.GRPCInferenceServiceClient Client { get; }

        public async ValueTask DisposeAsync()
        {
            _channel.Dispose();
            await Server.DisposeAsync();
        }
    }
}
