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
        await using (var small = await StartAsync(static options => options.Limits.MaxHeldBytesPerMachine = 10)) Assert.Equal(StatusCode.InvalidArgument, (await CallAsync(small, path, Sum())).Status);
    }

    [Theory]
    [InlineData(nameof(ServerLimits.MaxHeldBytesPerConnection))]
    [InlineData(nameof(ServerLimits.MaxHeldBytesPerMachine))]
    [InlineData(nameof(ServerLimits.MaxHeldBytes))]
    public async Task What_never_fits_is_refused_for_good_and_what_does_not_fit_now_is_told_to_come_back(string limit)
    {
        var message = Sum();
        await using (var small = await StartAsync(options => Set(options.Limits, message.Length - 1)))
        {
            var (status, words) = await CallAsync(small, Infer, message);
            Assert.Equal(StatusCode.InvalidArgument, status);
            Assert.Contains($"Limits.{nameof(ServerLimits.MaxHeldBytes)}", words, StringComparison.Ordinal);
            Assert.Contains(limit, words, StringComparison.Ordinal);
        }

        // The message fits, and what is made of it does not.
        await using (var small = await StartAsync(options => Set(options.Limits, message.Length + 10))) Assert.Equal(StatusCode.InvalidArgument, (await CallAsync(small, Infer, message)).Status);

        await using var server = await StartAsync(options => Set(options.Limits, 100_000));
        using var stop = new CancellationTokenSource();
        using var client = new HttpClient { BaseAddress = server.Server.GrpcEndpoint };
        // Most of it comes, and stays.
        var holding = CallAsync(client, Infer, new PiecesContent(Body(new byte[60_000])[..50_000], int.MaxValue, () => Task.Delay(Timeout.Infinite, stop.Token)), cancellationToken: stop.Token);
        while (server.Server.HeldBytes < 49_995) await Task.Delay(1);
        var large = new byte[55_000];
        Assert.Equal(StatusCode.ResourceExhausted, (await CallAsync(client, Infer, new PiecesContent(Body(large), int.MaxValue))).Status);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => holding);

        void Set(ServerLimits limits, long bytes) => typeof(ServerLimits).GetProperty(limit)!.SetValue(limits, bytes);
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
        }), cancellationToken: stop.Token);
        await arrived.Task;
        while (server.Server.HeldBytes == 0) await Task.Delay(1);
        Assert.Equal(1, server.Server.HeldBytes);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => calling);
        while (server.Server.HeldBytes > 0) await Task.Delay(1);
    }

    [Fact]
    public async Task A_deadline_that_passes_while_the_message_comes_is_counted_as_one()
    {
        using var counted = new CountedRequests("late");
        await using var server = await StartAsync(static options => options.Models[0] = options.Models[0] with { Name = "late" });
        var (message, timeout) = (Sum("late"), TimeSpan.FromSeconds(1));
        var body = Body(message);
        var content = new PiecesContent(body[..^1], int.MaxValue, async () =>
        {
            // By then it has begun to wait for the rest.
            while (server.Server.HeldBytes == 0) await Task.Delay(1);
            await Task.Delay(2 * timeout);
        }, body[^1..]);
        var (status, words) = await CallAsync(server, Infer, content, change: request => request.Headers.Add("grpc-timeout", $"{timeout.TotalMilliseconds:F0}m"));
        Assert.Equal(StatusCode.DeadlineExceeded, status);
        Assert.Contains("before the request was read", words, StringComparison.Ordinal);
        await server.DisposeAsync();
        Assert.Equal(["1 Grpc deadline_exceeded"], counted.All);
    }

    private static byte[] Sum(string model = "m")
    {
        var request = new ModelInferRequest { ModelName = model };
        foreach (var name in (string[])["a", "b"]) request.Inputs.Add(new ModelInferRequest.Types.InferInputTensor { Name = name, Datatype = "FP32", Shape = { 1, 3 }, Contents = new() { Fp32Contents = { 1, 2, 3 } } });
        return request.ToByteArray();
    }

    private static Task<InferenceServer> StartAsync(Action<SplitInferServerOptions>? configure = null) => InferenceServer.StartAsync(SmallModels.Sum(), options =>
    {
        options.Grpc = new("http://127.0.0.1:0");
        configure?.Invoke(options);
    });

    private static Task<(StatusCode Status, string Words)> CallAsync(InferenceServer server, string path, byte[] message, int pieceBytes = int.MaxValue) =>
        CallAsync(server, path, new PiecesContent(Body(message), pieceBytes));

    /// <summary>A message as it travels.</summary>
    private static byte[] Body(byte[] message)
    {
        var body = new byte[5 + message.Length];
        BinaryPrimitives.WriteInt32BigEndian(body.AsSpan(1), message.Length);
        message.CopyTo(body.AsSpan(5));
        return body;
    }

    private static async Task<(StatusCode Status, string Words)> CallAsync(InferenceServer server, string path, HttpContent content, Action<HttpRequestMessage>? change = null, CancellationToken cancellationToken = default)
    {
        using var client = new HttpClient { BaseAddress = server.Server.GrpcEndpoint };
        return await CallAsync(client, path, content, change, cancellationToken);
    }

    private static async Task<(StatusCode Status, string Words)> CallAsync(HttpClient client, string path, HttpContent content, Action<HttpRequestMessage>? change = null, CancellationToken cancellationToken = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = content };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        change?.Invoke(request);
        using var response = await client.SendAsync(request, cancellationToken);
        await response.Content.ReadAsByteArrayAsync(cancellationToken);
        string? Header(string name) => response.TrailingHeaders.Concat(response.Headers).FirstOrDefault(header => header.Key == name).Value?.Single();
        return ((StatusCode)int.Parse(Header("grpc-status")!, System.Globalization.CultureInfo.InvariantCulture), Uri.UnescapeDataString(Header("grpc-message") ?? ""));
    }

    /// <summary>A body that is sent a few bytes at a time, and then, perhaps after a while, ended.</summary>
    private sealed class PiecesContent(byte[] body, int pieceBytes, Func<Task>? wait = null, byte[]? end = null) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            for (var at = 0; at < body.Length; at += Math.Min(pieceBytes, body.Length - at))
            {
                await stream.WriteAsync(body.AsMemory(at, Math.Min(pieceBytes, body.Length - at)));
                await stream.FlushAsync();
            }

            if (wait is not null) await wait();
            if (end is not null) await stream.WriteAsync(end);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
