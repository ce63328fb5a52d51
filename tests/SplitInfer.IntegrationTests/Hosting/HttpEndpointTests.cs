using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using SplitInfer.AspNetCore;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.Hosting;

/// <summary>What a server shows over HTTP, in the paths and the JSON of the Open Inference Protocol.</summary>
public sealed class HttpEndpointTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public HttpEndpointTests()
    {
        foreach (var version in (string[])["2", "10"]) File.WriteAllBytes(_folder[$"demo/{version}/model.onnx"], Tagger());
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_server_says_what_it_is_and_that_it_is_ready()
    {
        await using var host = await StartAsync();
        var (status, server) = await host.GetAsync("/v2");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("splitinfer", server.GetProperty("name").GetString());
        Assert.Matches("^[0-9]+[.][0-9]+[.][0-9]+(-[a-z.0-9]+)?$", server.GetProperty("version").GetString());
        Expect("""["model_repository","binary_tensor_data"]""", server.GetProperty("extensions"));
        Expect(HttpStatusCode.OK, """{"live":true}""", await host.GetAsync("/v2/health/live"));
        Expect(HttpStatusCode.OK, """{"ready":true}""", await host.GetAsync("/v2/health/ready"));
    }

    [Fact]
    public async Task A_model_says_what_it_takes_and_gives()
    {
        await using var host = await StartAsync();
        const string expected = """
            {"name":"demo","versions":["10","2"],"platform":"onnxruntime_onnx",
             "inputs":[{"name":"words","datatype":"INT64","shape":[1,-1]},{"name":"weights","datatype":"FP32","shape":[1,-1,4]}],
             "outputs":[{"name":"tags","datatype":"FP32","shape":[1,-1,4]},{"name":"long","datatype":"BOOL","shape":[1,-1]}]}
            """;
        foreach (var path in (string[])["/v2/models/demo", "/v2/models/demo/versions/10", "/v2/models/demo/versions/2"]) Expect(HttpStatusCode.OK, expected, await host.GetAsync(path));
        foreach (var path in (string[])["/v2/models/demo/ready", "/v2/models/demo/versions/2/ready"]) Expect(HttpStatusCode.OK, """{"name":"demo","ready":true}""", await host.GetAsync(path));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("""{"ready":true,"repository_name":"any"}""")]
    public async Task The_index_has_every_version(string body)
    {
        await using var host = await StartAsync();
        Expect(HttpStatusCode.OK, """[{"name":"demo","version":"10","state":"READY"},{"name":"demo","version":"2","state":"READY"}]""", await host.PostAsync("/v2/repository/index", body));
    }

    [Theory]
    [InlineData("{", 1, HttpStatusCode.BadRequest)]
    [InlineData("""{"ready":1}""", 1, HttpStatusCode.BadRequest)]
    [InlineData("\u0000", 1, HttpStatusCode.BadRequest)]
    [InlineData("[", 4096, HttpStatusCode.BadRequest)]
    [InlineData(" ", 4097, HttpStatusCode.RequestEntityTooLarge)]
    [InlineData("[", 1_000_000, HttpStatusCode.RequestEntityTooLarge)]
    public async Task A_wrong_index_request_is_refused(string part, int times, HttpStatusCode expected)
    {
        await using var host = await StartAsync();
        var (status, body) = await host.PostAsync("/v2/repository/index", string.Concat(Enumerable.Repeat(part, times)));
        Assert.Equal(expected, status);
        Assert.Contains("""{"ready": true}""", Error(body), StringComparison.Ordinal);
    }

    public static TheoryData<string> Strangers { get; } =
    [
        "nothing", "Demo", "demo%20", "demo%2F2", "..%2F..%2Fdemo", "..%5Cdemo", "%2e%2e%2fdemo", "%25%32%46", "%3Cscript%3E", "%0D%0AX-Injected:1", "%F0%9F%92%A5", "%7B0%7D", "$(id)",
        "*", "demo;2", "%FF%FE", new('a', 4000), "nothing/ready", "nothing/versions/2", "nothing/versions/2/ready", "nothing/infer",
    ];

    [Theory]
    [MemberData(nameof(Strangers))]
    public async Task A_name_that_there_is_not_is_answered_without_any_other(string path)
    {
        await using var host = await StartAsync();
        var (status, body) = await host.GetAsync($"/v2/models/{path}");
        Assert.Equal(HttpStatusCode.NotFound, status);
        Assert.DoesNotContain("demo", Error(body), StringComparison.Ordinal);
        Assert.DoesNotContain(path, Error(body), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v2/models/demo/versions/3")]
    [InlineData("/v2/models/demo/versions/02/ready")]
    [InlineData("/v2/models/demo/versions/..%2F2")]
    [InlineData("/v2/nothing")]
    [InlineData("/v2/repository/index")]
    public async Task A_path_that_there_is_not_is_answered_as_the_protocol_has_it(string path)
    {
        await using var host = await StartAsync();
        var (status, body) = await host.GetAsync(path);
        Assert.Equal(HttpStatusCode.NotFound, status);
        Assert.EndsWith(".", Error(body), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await host.PostAsync("/v2/models/demo/nothing", "{}")).Status);
    }

    [Fact]
    public async Task A_server_that_stops_is_alive_and_not_ready()
    {
        await using var host = await StartAsync();
        await host.Server.StopAsync(CancellationToken.None);
        Expect(HttpStatusCode.OK, """{"live":true}""", await host.GetAsync("/v2/health/live"));
        Expect(HttpStatusCode.BadRequest, """{"ready":false}""", await host.GetAsync("/v2/health/ready"));
        Expect(HttpStatusCode.BadRequest, """{"name":"demo","ready":false}""", await host.GetAsync("/v2/models/demo/ready"));
        Expect(HttpStatusCode.OK, "[]", await host.PostAsync("/v2/repository/index", """{"ready":true}"""));
        var (_, index) = await host.PostAsync("/v2/repository/index", "");
        Assert.Equal(["UNAVAILABLE", "UNAVAILABLE"], index.EnumerateArray().Select(static entry => entry.GetProperty("state").GetString()));
    }

    [Fact]
    public async Task A_name_that_code_gave_may_have_a_slash()
    {
        var model = PartitionedModel.Load(Tagger());
        await using var host = await WebHost.StartAsync(options => options.Models.Add(new("team/tägger", "1 beta", model)), static app => app.MapSplitInfer());
        Expect(HttpStatusCode.OK, """{"name":"team/tägger","ready":true}""", await host.GetAsync($"/v2/models/{Uri.EscapeDataString("team/tägger")}/versions/1%20beta/ready"));
    }

    [Fact]
    public async Task A_group_puts_its_prefix_before_and_conventions_hold_for_all()
    {
        await using var host = await WebHost.StartAsync(options => options.ModelsDirectory = _folder.Path, static app => app.MapGroup("/inference").MapSplitInfer().WithMetadata("marked"));
        Expect(HttpStatusCode.OK, """{"ready":true}""", await host.GetAsync("/inference/v2/health/ready"));
        Assert.All(host.Endpoints, static endpoint => Assert.Equal("marked", endpoint.Metadata.GetMetadata<string>()));
        Assert.NotEmpty(host.Endpoints);
    }

    [Fact]
    public async Task Without_a_server_there_is_nothing_to_map()
    {
        await using var application = WebHost.Build(static _ => { });
        Assert.Contains("AddSplitInferServer", Assert.Throws<InvalidOperationException>(() => application.MapSplitInfer()).Message, StringComparison.Ordinal);
    }

    private Task<WebHost> StartAsync() => WebHost.StartAsync(options => options.ModelsDirectory = _folder.Path, static app => app.MapSplitInfer());

    private static void Expect(HttpStatusCode status, string body, (HttpStatusCode Status, JsonElement Body) answer)
    {
        Assert.Equal(status, answer.Status);
        Expect(body, answer.Body);
    }

    private static void Expect(string expected, JsonElement found) => Assert.True(JsonElement.DeepEquals(JsonElement.Parse(expected), found), $"{found} instead of {expected}");

    private static string Error(JsonElement body) => Assert.Single(body.EnumerateObject(), static property => property.Name == "error").Value.GetString()!;

    /// <summary>A model of two inputs and two outputs, of several types, for sentences of any length.</summary>
    private static byte[] Tagger()
    {
        var g = new GraphBuilder();
        var words = g.Input("words", ElementType.Int64, 1, "length");
        var weights = g.Input("weights", ElementType.Float32, 1, "length", 4);
        var table = g.Initializer(RandomTensor.Normal(new Random(3), ElementType.Float32, [20, 4]));
        var embedded = g.Node("Gather", [table, g.Node("Clip", [words, g.Constant(TensorValue.From<long>([0])), g.Constant(TensorValue.From<long>([19]))])]);
        g.Output(g.Node("Mul", [embedded, weights]), "tags");
        g.Output(g.Node("Greater", [words, g.Constant(TensorValue.From<long>([10], 1))]).Typed(ElementType.Bool), "long");
        return g.ToBytes();
    }
}
