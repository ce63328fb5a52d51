using System.Net;
using System.Text.Json;
using SkiaSharp;
using SplitInfer.Client;
using SplitInfer.Imaging;
using SplitInfer.IntegrationTests.EndToEnd;
using SplitInfer.Policies;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.Samples;

/// <summary>The samples WebApi and EdgeServer as their pages say: one in a process, the other in another.</summary>
public sealed class WebApiTests : IDisposable
{
    private const string Listening = "Now listening on: (http://127.0.0.1:[0-9]+)";

    private readonly TestFolder _folder = new();
    private readonly HttpClient _http = new() { Timeout = Timeout.InfiniteTimeSpan };

    public WebApiTests()
    {
        ColourClassifier.Save(_folder["models/colours/1/model.onnx"]);
        File.WriteAllLines(_folder["labels.txt"], ["red", "green", "blue"]);
    }

    public void Dispose()
    {
        _http.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Pictures_are_classified_with_the_server_and_without_it_when_it_stops()
    {
        using var edge = StartServer();
        var tails = await edge.ReadToAsync("Listening at (tcp://127.0.0.1:[0-9]+)");
        var monitoring = await edge.ReadToAsync(Listening);
        Assert.Equal("Healthy", await _http.GetStringAsync($"{monitoring}/health"));
        using (var model = JsonDocument.Parse(await _http.GetStringAsync($"{monitoring}/v2/models/colours")))
            Assert.Equal("picture", model.RootElement.GetProperty("inputs")[0].GetProperty("name").GetString());

        using var api = StartClient(tails);
        var address = await api.ReadToAsync(Listening);
        var (colours, labels) = ((SKColor[])[SKColors.Red, SKColors.Lime, SKColors.Blue], (string[])["red", "green", "blue"]);
        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(request => ClassifyAsync(address, colours[request % 3])));
        Assert.All(answers.Index(), answer =>
        {
            Assert.Equal(labels[answer.Index % 3], answer.Item.GetProperty("classes")[0].GetProperty("label").GetString());
            Assert.Equal("Split", answer.Item.GetProperty("source").GetString());
            Assert.Equal("edge", answer.Item.GetProperty("server").GetString());
        });
        Assert.Equal("Healthy", await _http.GetStringAsync($"{address}/health"));

        Assert.Equal(0, await edge.StopAsync());
        Assert.Equal("Device", (await ClassifyAsync(address, SKColors.Lime)).GetProperty("source").GetString());
        Assert.Equal("Degraded", await _http.GetStringAsync($"{address}/health"));
        Assert.Equal(0, await api.StopAsync());
    }

    [SharedFact]
    public async Task Photographs_get_the_classes_that_the_whole_model_gives_them()
    {
        File.Copy(SharedData.Model("squeezenet_fp32.onnx"), _folder["models/squeezenet/1/model.onnx"]);
        using var edge = StartServer();
        var tails = await edge.ReadToAsync("Listening at (tcp://127.0.0.1:[0-9]+)");
        var monitoring = await edge.ReadToAsync(Listening);
        using (var model = JsonDocument.Parse(await _http.GetStringAsync($"{monitoring}/v2/models/squeezenet")))
            Assert.Equal("""{"name":"data_0","datatype":"FP32","shape":[1,3,224,224]}""", model.RootElement.GetProperty("inputs")[0].GetRawText());

        // No partition is named: the policy chooses, as it does for whoever starts the sample.
        using var api = StartClient(tails, $"--SplitInfer:ModelPath={_folder["models/squeezenet/1/model.onnx"]}", "--SplitInfer:Partition=", "--Classifier:Preprocessing=ImageNetCaffe", "--Classifier:LabelsPath=");
        var address = await api.ReadToAsync(Listening);
        using var photographs = new Photographs();
        await using var whole = await SplitInferenceClient.CreateAsync(new() { ModelPath = SharedData.Model("squeezenet_fp32.onnx"), Policy = PolicyNames.AllOnDevice });
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async index =>
        {
            var photograph = photographs.Encode(index);
            using var picture = ImagePreprocessing.ImageNetCaffe.For(whole.Plan.Inputs[0]).Decode(photograph);
            using var expected = await whole.InferAsync(picture);
            var answer = await ClassifyAsync(address, photograph);
            Assert.Equal(expected.Outputs[0].TopK(5).Select(static score => $"class {score.Index}"), answer.GetProperty("classes").EnumerateArray().Select(static c => c.GetProperty("label").GetString()));
        }));
    }

    [Fact]
    public async Task A_caller_that_goes_away_ends_its_request_and_frees_its_place()
    {
        using var edge = StartServer();
        var tails = await edge.ReadToAsync("Listening at (tcp://127.0.0.1:[0-9]+)");
        using var api = StartClient(tails, "--Concurrency:PermitLimit=1", "--Concurrency:QueueLimit=0", "--Logging:LogLevel:WebApi=Debug");
        var address = await api.ReadToAsync(Listening);
        using var gone = new CancellationTokenSource();
        var endless = PostAsync(address, ColourClassifier.Draw(SKColors.White), gone.Token);
        await api.ReadToAsync("Classifying a picture");
        await ExpectProblemAsync(HttpStatusCode.ServiceUnavailable, await PostAsync(address, ColourClassifier.Draw(SKColors.Red)));
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => endless);
        await api.ReadToAsync("Cancelled, since the caller went away");

        // The place is given back a moment after the log has said so.
        HttpResponseMessage next;
        while ((next = await PostAsync(address, ColourClassifier.Draw(SKColors.Red))).StatusCode == HttpStatusCode.ServiceUnavailable) next.Dispose();
        using (next) Assert.Equal(HttpStatusCode.OK, next.StatusCode);
    }

    [Fact]
    public async Task What_a_caller_can_mend_is_said_as_a_problem()
    {
        using var api = StartClient("tcp://127.0.0.1:1", "--SplitInfer:OnServerFailure=Throw", "--Kestrel:Limits:MaxRequestBodySize=100000");
        var address = await api.ReadToAsync(Listening);
        Assert.Contains("no picture", await ExpectProblemAsync(HttpStatusCode.BadRequest, await PostAsync(address, "GIF no picture"u8.ToArray())), StringComparison.Ordinal);
        await ExpectProblemAsync(HttpStatusCode.RequestEntityTooLarge, await PostAsync(address, new byte[100_001]));
        await ExpectProblemAsync(HttpStatusCode.NotFound, await _http.GetAsync($"{address}/nothing"));
        Assert.Contains("No server", await ExpectProblemAsync(HttpStatusCode.ServiceUnavailable, await PostAsync(address, ColourClassifier.Draw(SKColors.Red))), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await _http.GetAsync($"{address}/health")).StatusCode);
    }

    [Fact]
    public async Task A_passed_deadline_is_said_as_a_problem()
    {
        using var api = StartClient("tcp://127.0.0.1:1", "--SplitInfer:Deadline=00:00:00.3");
        var address = await api.ReadToAsync(Listening);
        Assert.Contains("within 0.3 s", await ExpectProblemAsync(HttpStatusCode.GatewayTimeout, await PostAsync(address, ColourClassifier.Draw(SKColors.White))), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_setting_is_named_and_nothing_starts()
    {
        using var edge = SampleProcess.Start("EdgeServer", "--SplitInferServer:Limits:MaxConections=1");
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => edge.ReadToAsync(Listening));
        Assert.Contains("MaxConections", error.Message, StringComparison.Ordinal);
    }

    private SampleProcess StartServer() =>
        SampleProcess.Start("EdgeServer", "--urls", "http://127.0.0.1:0", $"--SplitInferServer:ModelsDirectory={_folder["models"]}", "--SplitInferServer:Listen:0=tcp://127.0.0.1:0");

    // A partition is named, so that it is known who computes what. Later settings go before earlier ones.
    private SampleProcess StartClient(string server, params string[] settings) => SampleProcess.Start("WebApi", [
        "--urls", "http://127.0.0.1:0", $"--SplitInfer:ModelPath={_folder["models/colours/1/model.onnx"]}", $"--SplitInfer:Servers:0:Address={server}", "--SplitInfer:Partition=1",
        "--SplitInfer:Deadline=10:00:00", $"--Classifier:LabelsPath={_folder["labels.txt"]}", .. settings]);

    private Task<JsonElement> ClassifyAsync(string address, SKColor colour) => ClassifyAsync(address, ColourClassifier.Draw(colour));

    private async Task<JsonElement> ClassifyAsync(string address, byte[] picture)
    {
        using var response = await PostAsync(address, picture);
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, body);
        return JsonElement.Parse(body);
    }

    private async Task<HttpResponseMessage> PostAsync(string address, byte[] body, CancellationToken cancellationToken = default)
    {
        using var content = new ByteArrayContent(body);
        return await _http.PostAsync($"{address}/classify", content, cancellationToken);
    }

    /// <summary>Expects problem details.</summary>
    /// <returns>Title and detail.</returns>
    private static async Task<string> ExpectProblemAsync(HttpStatusCode status, HttpResponseMessage response)
    {
        using (response)
        {
            Assert.Equal(status, response.StatusCode);
            Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
            var problem = JsonElement.Parse(await response.Content.ReadAsStringAsync());
            return $"{problem.GetProperty("title")} {(problem.TryGetProperty("detail", out var detail) ? detail : "")}";
        }
    }
}
