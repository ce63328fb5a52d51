using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;

namespace SplitInfer.IntegrationTests.OpenInference;

/// <summary>Whatever is sent to the addresses of HTTP and gRPC, the server goes on and holds nothing.</summary>
public sealed class HostileBytesTests
{
    private const string Request = """{"inputs":[{"name":"a","shape":[1,3],"datatype":"FP32","data":[1,2,3]},{"name":"b","shape":[1,3],"datatype":"FP32","data":[1,2,3]}]}""";

    private static readonly byte[] Preface = Encoding.ASCII.GetBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

    [Fact]
    public async Task Noise_is_survived()
    {
        await using var server = await StartAsync();
        var random = new Random(5);
        foreach (var address in (Uri[])[server.Address, server.Server.GrpcEndpoint!])
        {
            for (var client = 0; client < 60; client++)
            {
                using var socket = new TcpClient();
                await socket.ConnectAsync(address.Host, address.Port);
                var noise = new byte[random.Next(1, 20_000)];
                random.NextBytes(noise);
                byte[] start = (client % 3) switch { 0 => [], 1 => Preface, _ => Encoding.ASCII.GetBytes("POST /v2/models/m/infer HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n") };
                try
                {
                    await socket.GetStream().WriteAsync((byte[])[.. start, .. noise]);
                }
                catch (IOException)
                {
                    // It was thrown out already.
                }
            }
        }

        await GoesOnAsync(server);
    }

    [Fact]
    public async Task Messages_that_are_none_are_refused()
    {
        await using var server = await StartAsync();
        using var client = new HttpClient { BaseAddress = server.Server.GrpcEndpoint };
        var random = new Random(6);
        for (var message = 0; message < 100; message++)
        {
            var body = new byte[5 + random.Next(200)];
            random.NextBytes(body);
            // Most are as long as they say, and some are cut short, too long, compressed or nothing at all.
            if (message % 4 != 0) (body[0], _) = (0, BinaryPrimitives.TryWriteInt32BigEndian(body.AsSpan(1), body.Length - 5 + (message % 5) - 2));
            if (message % 17 == 0) body = [];
            using var request = new HttpRequestMessage(HttpMethod.Post, "/inference.GRPCInferenceService/ModelInfer") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new ByteArrayContent(body) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
            try
            {
                using var response = await client.SendAsync(request);
                await response.Content.ReadAsByteArrayAsync();
                var status = response.TrailingHeaders.Concat(response.Headers).First(static header => header.Key == "grpc-status").Value.Single();
                Assert.NotEqual("0", status);
            }
            catch (HttpRequestException)
            {
                // The call was reset.
            }
        }

        await GoesOnAsync(server);
    }

    private static async Task GoesOnAsync(InferenceServer server)
    {
        Assert.Equal(HttpStatusCode.OK, (await server.InferAsync(Request)).Status);
        while (server.Server.HeldBytes > 0) await Task.Delay(1);
    }

    private static Task<InferenceServer> StartAsync() => InferenceServer.StartAsync(SmallModels.Sum(), static options => options.Grpc = new("http://127.0.0.1:0"));
}
