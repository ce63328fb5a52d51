using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;
using Grpc.Core;
using Inference;
using SplitInfer.Server;

namespace SplitInfer.IntegrationTests.OpenInference;

/// <summary>What gRPC reads is looked at before, whatever path it comes by and in whatever pieces.</summary>
public sealed class GrpcAdmissionTests
{
    private const string Infer = "/inference.GRPCInferenceService/ModelInfer";

    [Theory]
    [InlineData(Infer)]
    [InlineData("/inference.grpcinferenceservice/modelinfer")]
    [InlineData("/inference.GRPCInferenceService/ModelInfer/")]
    public async Task Small_fields_that_become_large_objects_are_refused_before_they_do(string path)
    {
        await using var server = await StartAsync();
        var message = new byte[2_000_000];
        for (var at = 0; at < message.Length; at += 2) message[at] = 0x2A;
        var (status, words) = await CallAsync(server, path, message);
        Assert.Equal(StatusCode.InvalidArgument, status);
        Assert.Contains("more than 1024 inputs", words, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Infer)]
    [InlineData("/inference.grpcinferenceservice/modelinfer")]
    [InlineData("/inference.GRPCInferenceService/ModelInfer/")]
    [InlineData("/INFERENCE.GRPCINFERENCESERVICE/MODELINFER")]
    public async Task A_request_counts_however_its_path_is_written(string path)
    {
        await using (var server = await StartAsync()) Assert.Equal(StatusCode.OK, (await CallAsync(server, path, Sum())).Status);
        await using (var full = await StartAsync(static options => options.Limits.MaxHeldBytesPerMachine = 10)) Assert.Equal(StatusCode.ResourceExhausted, (await CallAsync(full, path, Sum())).Status);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(7)]
    public async Task A_message_may_come_in_pieces(int pieceBytes)
    {
        await using var server = await StartAsync();
        Assert.Equal(StatusCode.OK, (await CallAsync(server, Infer, Sum(), pieceBytes)).Status);
        Assert.Equal(StatusCode.OK, (await CallAsync(server, "/inference.GRPCInferenceService/ServerLive", [], pieceBytes)).Status);
        while (server.Server.HeldBytes > 0) await Task.Delay(1);
    }

    [Fact]
    public async Task A_message_that_is_only_announced_holds_nothing()
    {
        await using var server = await StartAsync();
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var stop = new CancellationTokenSource();
        var calling = CallAsync(server, Infer, new PiecesContent([0, 8, 0, 0, 0, 0x0A], pieceBytes: 6, async () =>
        {
            arrived.SetResult();
            await Task.Delay(Timeout.Infinite, stop.Token);
        }), stop.Token);
        await arrived.Task;
        while (server.Server.HeldBytes == 0) await Task.Delay(1);
        Assert.Equal(1, server.Server.HeldBytes);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => calling);
        while (server.Server.HeldBytes > 0) await Task.Delay(1);
    }

    private static byte[] Sum()
    {
        var request = new ModelInferRequest { ModelName = "m" };
        foreach (var name in (string[])["a", "b"]) request.Inputs.Add(new ModelInferRequest.Types.InferInputTensor { Name = name, Datatype = "FP32", Shape = { 1, 3 }, Contents = new() { Fp32Contents = { 1, 2, 3 } } });
        return request.ToByteArray();
    }

    private static Task<InferenceServer> StartAsync(Action<SplitInferServerOptions>? configure = null) => InferenceServer.StartAsync(SmallModels.Sum(), options =>
    {
        options.Grpc = new("http://127.0.0.1:0");
        configure?.Invoke(options);
    });

    private static Task<(StatusCode Status, string Words)> CallAsync(InferenceServer server, string path, byte[] message, int pieceBytes = int.MaxValue)
    {
        var body = new byte[5 + message.Length];
        BinaryPrimitives.WriteInt32BigEndian(body.AsSpan(1), message.Length);
        message.CopyTo(body.AsSpan(5));
        return CallAsync(server, path, new PiecesContent(body, pieceBytes));
    }

    private static async Task<(StatusCode Status, string Words)> CallAsync(InferenceServer server, string path, HttpContent content, CancellationToken cancellationToken = default)
    {
        using var client = new HttpClient { BaseAddress = server.Server.GrpcEndpoint };
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = content };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        using var response = await client.SendAsync(request, cancellationToken);
        await response.Content.ReadAsByteArrayAsync(cancellationToken);
        string? Header(string name) => response.TrailingHeaders.Concat(response.Headers).FirstOrDefault(header => header.Key == name).Value?.Single();
        return ((StatusCode)int.Parse(Header("grpc-status")!, System.Globalization.CultureInfo.InvariantCulture), Uri.UnescapeDataString(Header("grpc-message") ?? ""));
    }

    /// <summary>A body that is sent a few bytes at a time, and then, perhaps, not ended.</summary>
    private sealed class PiecesContent(byte[] body, int pieceBytes, Func<Task>? end = null) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            for (var at = 0; at < body.Length; at += Math.Min(pieceBytes, body.Length - at))
            {
                await stream.WriteAsync(body.AsMemory(at, Math.Min(pieceBytes, body.Length - at)));
                await stream.FlushAsync();
            }

            if (end is not null) await end();
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
