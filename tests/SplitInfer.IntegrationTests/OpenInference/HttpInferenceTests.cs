using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using SplitInfer.AspNetCore.OpenInference;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Execution;

namespace SplitInfer.IntegrationTests.OpenInference;

/// <summary>Whole models over HTTP, for clients that know the Open Inference Protocol alone.</summary>
public sealed class HttpInferenceTests
{
    private const string TwoRows = """{"id":"42","inputs":[{"name":"a","shape":[2,3],"datatype":"FP32","data":[1,2,3,4,5,6]},{"name":"b","shape":[2,3],"datatype":"FP32","data":[[10,20,30],[40,50,0.5]]}]}""";

    public static TheoryData<ElementType> Types { get; } = new(SmallModels.Types);

    [Theory]
    [MemberData(nameof(Types))]
    public async Task Tensors_of_every_type_come_and_go_as_JSON_and_as_bytes_and_are_those_of_the_engine(ElementType type)
    {
        var model = SmallModels.Transpose(type);
        await using var server = await InferenceServer.StartAsync(model);
        using var x = RandomTensor.Normal(new Random(3), type, 5, 7);
        var expected = PlainRun.Of(model, ("x", x))[0];
        var (word, text) = (SmallModels.Word(type), JsonOf(x));

        var flat = await server.InferAsync($$"""{"inputs":[{"name":"x","shape":[5,7],"datatype":"{{word}}","data":{{text}}}]}""");
        Assert.True(flat.Status == HttpStatusCode.OK, flat.Json.ToString());
        ExpectJson(flat.Outputs["y"]);
        var given = await server.InferAsync($$$"""{"inputs":[{"name":"x","shape":[5,7],"datatype":"{{{word}}}","parameters":{"binary_data_size":{{{x.ByteLength}}}}}],"parameters":{"binary_data_output":true}}""", x.Bytes.ToArray());
        Assert.True(given.Status == HttpStatusCode.OK, given.Json.ToString());
        ExpectHeader(given.Outputs["y"]);
        Assert.Equal(expected.ByteLength, given.Outputs["y"].GetProperty("parameters").GetProperty("binary_data_size").GetInt32());
        Assert.Equal(expected.Bytes.ToArray(), given.Data);
        var mixed = await server.InferAsync($$$"""{"inputs":[{"name":"x","shape":[5,7],"datatype":"{{{word}}}","parameters":{"binary_data_size":{{{x.ByteLength}}}}}],"outputs":[{"name":"y","parameters":{"binary_data":false}}],"parameters":{"binary_data_output":true}}""", x.Bytes.ToArray());
        ExpectJson(mixed.Outputs["y"]);

        void ExpectJson(JsonElement output)
        {
            ExpectHeader(output);
            Assert.Equal(JsonOf(expected), output.GetProperty("data").GetRawText());
        }

        void ExpectHeader(JsonElement output)
        {
            Assert.Equal(word, output.GetProperty("datatype").GetString());
            Assert.Equal("[7,5]", output.GetProperty("shape").GetRawText());
        }
    }

    [Fact]
    public async Task An_answer_repeats_the_id_and_has_the_outputs_that_were_asked_for()
    {
        await using var server = await InferenceServer.StartAsync(SmallModels.Sum());
        var all = await server.InferAsync(TwoRows);
        Assert.Equal("""{"model_name":"m","model_version":"1","id":"42","outputs":[{"name":"sum","datatype":"FP32","shape":[2,3],"data":[11,22,33,44,55,6.5]},{"name":"less","datatype":"BOOL","shape":[2,3],"data":[true,true,true,true,true,false]}]}""", all.Json.GetRawText());
        Assert.True(all.Headers.CacheControl?.NoStore);
        var less = await server.InferAsync(TwoRows.Replace("\"inputs\"", "\"outputs\":[{\"name\":\"less\"}],\"inputs\"", StringComparison.Ordinal), "/v2/models/m/versions/1/infer");
        Assert.Equal(["less"], less.Outputs.Keys);
        var both = await server.InferAsync(TwoRows.Replace("\"inputs\"", "\"outputs\":[{\"name\":\"less\",\"parameters\":{\"binary_data\":true}},{\"name\":\"sum\"}],\"inputs\"", StringComparison.Ordinal));
        Assert.Equal([1, 1, 1, 1, 1, 0], both.Data);
        Assert.Equal("[11,22,33,44,55,6.5]", both.Outputs["sum"].GetProperty("data").GetRawText());
    }

    [Fact]
    public async Task Rows_of_any_number_pass_none_among_them()
    {
        await using var server = await InferenceServer.StartAsync(SmallModels.Sum());
        foreach (var rows in (int[])[0, 1, 20_000])
        {
            var numbers = string.Join(',', Enumerable.Repeat("0.25", 3 * rows));
            var answer = await server.InferAsync($$"""{"inputs":[{"data":[{{numbers}}],"name":"a","shape":[{{rows}},3],"datatype":"FP32"},{"name":"b","shape":[{{rows}},3],"datatype":"FP32","data":[{{numbers}}]}]}""");
            Assert.Equal(3 * rows, answer.Outputs["sum"].GetProperty("data").GetArrayLength());
        }
    }

    [Fact]
    public async Task Numbers_that_JSON_does_not_have_are_answered_in_words_and_pass_as_bytes()
    {
        var model = SmallModels.Transpose(ElementType.Float32);
        await using var server = await InferenceServer.StartAsync(model);
        byte[] data = [.. BitConverter.GetBytes(float.NaN), .. BitConverter.GetBytes(float.PositiveInfinity)];
        const string inputs = """{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","parameters":{"binary_data_size":8}}]""";
        var json = await server.InferAsync(inputs + "}", data);
        Assert.Equal(HttpStatusCode.BadRequest, json.Status);
        Assert.Contains("\"binary_data\": true", json.Error, StringComparison.Ordinal);
        Assert.Equal(data, (await server.InferAsync(inputs + ""","outputs":[{"name":"y","parameters":{"binary_data":true}}]}""", data)).Data);
    }

    public static TheoryData<string, HttpStatusCode, string> WrongRequests { get; } = new()
    {
        { "", HttpStatusCode.BadRequest, "JSON" },
        { "{", HttpStatusCode.BadRequest, "JSON" },
        { "[]", HttpStatusCode.BadRequest, "no object" },
        { "{}", HttpStatusCode.BadRequest, "no \"inputs\"" },
        { """{"inputs":{}}""", HttpStatusCode.BadRequest, "no array" },
        { """{"inputs":[1]}""", HttpStatusCode.BadRequest, "no object" },
        { """{"inputs":[],"inputs":[]}""", HttpStatusCode.BadRequest, "twice" },
        { """{"inputs":[]}""", HttpStatusCode.BadRequest, "'a' is missing. The model takes a FP32 [-1,3], b FP32 [-1,3]" },
        { """{"inputs":[]} {}""", HttpStatusCode.BadRequest, "JSON" },
        { """{"inputs":[{}]}""", HttpStatusCode.BadRequest, "\"name\"" },
        { """{"inputs":[{"name":7}]}""", HttpStatusCode.BadRequest, "no text" },
        { """{"inputs":[{"name":"a"}]}""", HttpStatusCode.BadRequest, "\"datatype\"" },
        { Input("c", "[1,3]", "FP32", "[1,2,3]"), HttpStatusCode.BadRequest, "no input 'c'. It takes a FP32 [-1,3]" },
        { Input("a", "[1,3]", "FP64", "[1,2,3]"), HttpStatusCode.BadRequest, "datatype FP64, and the model takes a FP32" },
        { Input("a", "[1,3]", "\\u001b[31m", "[1,2,3]"), HttpStatusCode.BadRequest, "\\u001B[31m" },
        { Input("a", "[3]", "FP32", "[1,2,3]"), HttpStatusCode.BadRequest, "shape [3], and the model takes a FP32 [-1,3]" },
        { Input("a", "[1,4]", "FP32", "[1,2,3,4]"), HttpStatusCode.BadRequest, "shape [1,4]" },
        { Input("a", "[-1,3]", "FP32", "[1,2,3]"), HttpStatusCode.BadRequest, "whole number" },
        { Input("a", "[1.5,3]", "FP32", "[1,2,3]"), HttpStatusCode.BadRequest, "whole number" },
        { Input("a", "[1,3]", "FP32", "[1,2]"), HttpStatusCode.BadRequest, "only 2 elements" },
        { Input("a", "[1,3]", "FP32", "[1,2,3,4]"), HttpStatusCode.BadRequest, "more than 3 elements" },
        { Input("a", "[1,3]", "FP32", "[1,2,\"3\"]"), HttpStatusCode.BadRequest, "Element 2" },
        { Input("a", "[1,3]", "FP32", "[1,2,null]"), HttpStatusCode.BadRequest, "Element 2" },
        { Input("a", "[1,3]", "FP32", "[1,2,1e99]"), HttpStatusCode.BadRequest, "range" },
        { Input("a", "[1,3]", "FP32", "[[1],[2],[3]]"), HttpStatusCode.BadRequest, "nested" },
        { Input("a", "[1,3]", "FP32", "[[1,2],3]"), HttpStatusCode.BadRequest, "nested" },
        { Input("a", "[1,3]", "FP32", "[1,[2,3]]"), HttpStatusCode.BadRequest, "nested" },
        { Input("a", "[1,3]", "FP32", "[{\"x\":1},2,3]"), HttpStatusCode.BadRequest, "Element 0" },
        { Input("a", "[1,3]", "FP32", "7"), HttpStatusCode.BadRequest, "no array" },
        { Input("a", "[16777217,3]", "FP32", "[]"), HttpStatusCode.RequestEntityTooLarge, "Limits.Sizes.MaxDimension" },
        { Input("a", "[99999999999,99999999999]", "FP32", "[]"), HttpStatusCode.RequestEntityTooLarge, "Limits.Sizes" },
        { Input("a", "[1000000,3]", "FP32", "[]"), HttpStatusCode.RequestEntityTooLarge, "Limits.Sizes.MaxBytes" },
        { """{"inputs":[{"name":"a","shape":[1,3],"datatype":"FP32","parameters":{"binary_data_size":12}}]}""", HttpStatusCode.BadRequest, "Inference-Header-Content-Length" },
        { """{"inputs":[{"name":"a","shape":[1,3],"datatype":"FP32","parameters":{"shared_memory_region":"r"}}]}""", HttpStatusCode.NotImplemented, "shared_memory_region" },
        { TwoRows.Replace("\"inputs\"", "\"outputs\":[{\"name\":\"c\"}],\"inputs\"", StringComparison.Ordinal), HttpStatusCode.BadRequest, "no output 'c' here. It gives sum FP32 [-1,3], less BOOL" },
        { TwoRows.Replace("\"inputs\"", "\"outputs\":[{\"name\":\"sum\"},{\"name\":\"sum\"}],\"inputs\"", StringComparison.Ordinal), HttpStatusCode.BadRequest, "twice" },
        { TwoRows.Replace("[2,3],\"datatype\":\"FP32\",\"data\":[1,2,3,4,5,6]", "[1,3],\"datatype\":\"FP32\",\"data\":[1,2,3]", StringComparison.Ordinal), HttpStatusCode.BadRequest, "'rows'" },
        { TwoRows.Replace("\"name\":\"b\"", "\"name\":\"a\"", StringComparison.Ordinal), HttpStatusCode.BadRequest, "twice" },
        { "{\"inputs\":" + new string('[', 100_000), HttpStatusCode.BadRequest, "no object" },
        { "{\"parameters\":{\"x\":" + new string('[', 100_000), HttpStatusCode.BadRequest, "JSON" },
    };

    [Theory]
    [MemberData(nameof(WrongRequests))]
    public async Task A_wrong_request_is_answered_with_what_to_do(string body, HttpStatusCode status, string words)
    {
        await using var server = await InferenceServer.StartAsync(SmallModels.Sum(), static options => options.Limits.Sizes = new() { MaxBytes = 1 << 20 });
        var answer = await server.InferAsync(body);
        Assert.True(status == answer.Status, answer.Json.ToString());
        Assert.Contains(words, answer.Error, StringComparison.Ordinal);
        // It is as good as before.
        Assert.Equal(HttpStatusCode.OK, (await server.InferAsync(TwoRows)).Status);
    }

    [Theory]
    [InlineData(12, 8, "ends 4 bytes before")]
    [InlineData(12, 0, "ends 12 bytes before")]
    [InlineData(12, 13, "more bytes than")]
    [InlineData(8, 8, "has 8 bytes of elements, where FP32 of shape [1,3] has 12")]
    public async Task Binary_data_of_another_length_is_answered_with_what_is_wrong(int stated, int sent, string words)
    {
        await using var server = await InferenceServer.StartAsync(SmallModels.Sum());
        var answer = await server.InferAsync($$$"""{"inputs":[{"name":"b","shape":[1,3],"datatype":"FP32","data":[1,2,3]},{"name":"a","shape":[1,3],"datatype":"FP32","parameters":{"binary_data_size":{{{stated}}}}}]}""", new byte[sent]);
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Contains(words, answer.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bytes_that_are_no_truth_values_are_refused()
    {
        await using var server = await InferenceServer.StartAsync(SmallModels.Transpose(ElementType.Bool));
        var answer = await server.InferAsync("""{"inputs":[{"name":"x","shape":[1,3],"datatype":"BOOL","parameters":{"binary_data_size":3}}]}""", [0, 1, 2]);
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("1e3")]
    [InlineData("99999999999999999999")]
    [InlineData("")]
    public async Task A_length_that_is_none_is_refused(string length)
    {
        await using var server = await InferenceServer.StartAsync(SmallModels.Sum());
        var answer = await server.InferAsync(TwoRows, change: request => request.Headers.TryAddWithoutValidation(InferResponseWriter.HeaderLength, length));
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
    }

    [Fact]
    public async Task A_body_over_the_limit_is_refused_before_it_is_read_and_while_it_is()
    {
        await using var server = await InferenceServer.StartAsync(SmallModels.Sum(), static options => options.Limits.Sizes = new() { MaxBytes = 1000 });
        // By its length alone: nothing of it is sent.
        using var socket = new TcpClient();
        await socket.ConnectAsync(server.Address.Host, server.Address.Port);
        var stream = socket.GetStream();
        await stream.WriteAsync("POST /v2/models/m/infer HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000000\r\n\r\n"u8.ToArray());
        Assert.Contains("413", await new StreamReader(stream).ReadLineAsync(), StringComparison.Ordinal);
        var spaces = Encoding.UTF8.GetBytes(new string(' ', 2_000_000));
        var chunked = await server.SendAsync(HttpMethod.Post, "/v2/models/m/infer", new StreamContent(new MemoryStream(spaces)), static request => request.Headers.TransferEncodingChunked = true);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, chunked.Status);
        Assert.Contains("Limits.Sizes.MaxBytes", chunked.Error, StringComparison.Ordinal);
        Assert.Equal(0, server.Server.HeldBytes);
    }

    [Fact]
    public async Task A_compressed_body_is_refused_in_words()
    {
        await using var server = await InferenceServer.StartAsync(SmallModels.Sum());
        var content = new StringContent(TwoRows);
        content.Headers.ContentEncoding.Add("gzip");
        var answer = await server.SendAsync(HttpMethod.Post, "/v2/models/m/infer", content);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.Status);
        Assert.Contains("compressed", answer.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v2/models/n/infer")]
    [InlineData("/v2/models/m/versions/2/infer")]
    [InlineData("/v2/models/..%2Fm/infer")]
    public async Task A_model_that_there_is_not_is_answered_with_404(string path)
    {
        await using var server = await InferenceServer.StartAsync(SmallModels.Sum());
        var answer = await server.InferAsync(TwoRows, path);
        Assert.Equal(HttpStatusCode.NotFound, answer.Status);
        Assert.DoesNotContain("'", answer.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_of_text_is_answered_with_501()
    {
        var g = new GraphBuilder();
        g.Output(g.Node("Identity", [g.Input("words", ElementType.Text, 2)]), "same");
        await using var server = await InferenceServer.StartAsync(g.ToBytes());
        var answer = await server.InferAsync("""{"inputs":[{"name":"words","shape":[2],"datatype":"BYTES","data":["a","b"]}]}""");
        Assert.Equal(HttpStatusCode.NotImplemented, answer.Status);
        Assert.Contains("SplitInfer client", answer.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_deadline_that_passes_is_answered_with_504()
    {
        await using var server = await InferenceServer.StartAsync(SmallModels.Sum());
        var answer = await server.InferAsync(TwoRows.Replace("\"id\":\"42\"", "\"parameters\":{\"timeout\":1}", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.GatewayTimeout, answer.Status);
        Assert.Contains("deadline", answer.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Inference-Header-Content-Length: 166\r\n")]
    public async Task Who_leaves_in_the_middle_of_a_body_leaves_nothing_behind(string header)
    {
        await using var server = await InferenceServer.StartAsync(SmallModels.Transpose(ElementType.UInt8));
        for (var client = 0; client < 20; client++)
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(server.Address.Host, server.Address.Port);
            var body = """{"inputs":[{"name":"x","datatype":"UINT8","shape":[1000,1000],"parameters":{"binary_data_size":1000000}}]}""".PadRight(166) + new string('x', 200_000);
            await socket.GetStream().WriteAsync(Encoding.UTF8.GetBytes($"POST /v2/models/m/infer HTTP/1.1\r\nHost: localhost\r\n{header}Content-Length: 1000166\r\n\r\n{body}"));
            if (client % 2 == 0) socket.Client.LingerState = new(enable: true, seconds: 0);
        }

        while (server.Server.HeldBytes > 0) await Task.Delay(10);
        Assert.Equal(HttpStatusCode.OK, (await server.InferAsync("""{"inputs":[{"name":"x","datatype":"UINT8","shape":[1,1],"data":[7]}]}""")).Status);
    }

    [Fact]
    public async Task An_input_with_a_value_in_the_file_may_be_left_out()
    {
        var g = new GraphBuilder();
        var (a, bias) = (g.Input("a", ElementType.Float32, "rows", 3), g.Input("bias", ElementType.Float32, 3));
        g.Initializer(TensorValue.From<float>([1, 2, 3], 3), "bias");
        g.Output(g.Node("Add", [a, bias]), "sum");
        var bytes = g.ToBytes();
        await using var server = await InferenceServer.StartAsync(bytes, options => options.Models[0] = new("m", "1", PartitionedModel.Load(bytes, new() { FedInitializers = new HashSet<string> { "bias" } })));
        var without = await server.InferAsync("""{"inputs":[{"name":"a","shape":[1,3],"datatype":"FP32","data":[1,1,1]}]}""");
        Assert.Equal("[2,3,4]", without.Outputs["sum"].GetProperty("data").GetRawText());
        var with = await server.InferAsync("""{"inputs":[{"name":"a","shape":[1,3],"datatype":"FP32","data":[1,1,1]},{"name":"bias","shape":[3],"datatype":"FP32","data":[5,5,5]}]}""");
        Assert.Equal("[6,6,6]", with.Outputs["sum"].GetProperty("data").GetRawText());
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Get, "/v2/models/m/ready")).Status);
    }

    [Fact]
    public async Task Pages_in_browsers_are_refused()
    {
        await using var server = await InferenceServer.StartAsync(SmallModels.Sum());
        var answer = await server.InferAsync(TwoRows, change: static request => request.Headers.Add("Origin", "http://127.0.0.1"));
        Assert.Equal(HttpStatusCode.Forbidden, answer.Status);
    }

    [Fact]
    public async Task Many_at_a_time_are_answered_each_with_its_own()
    {
        await using var server = await InferenceServer.StartAsync(SmallModels.Sum(), static options => options.Limits.MaxQueuedRuns = 1000);
        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(async number => (number, Answer: await server.InferAsync(
            $$"""{"id":"{{number}}","inputs":[{"name":"a","shape":[1,3],"datatype":"FP32","data":[{{number}},0,0]},{"name":"b","shape":[1,3],"datatype":"FP32","data":[1,1,1]}]}"""))));
        var served = answers.Where(static one => one.Answer.Status == HttpStatusCode.OK).ToList();
        Assert.NotEmpty(served);
        Assert.All(served, static one => Assert.Equal((one.number.ToString(System.Globalization.CultureInfo.InvariantCulture), one.number + 1f), (one.Answer.Json.GetProperty("id").GetString(), one.Answer.Outputs["sum"].GetProperty("data")[0].GetSingle())));
        Assert.All(answers.Where(static one => one.Answer.Status != HttpStatusCode.OK), static one =>
        {
            Assert.Equal(HttpStatusCode.TooManyRequests, one.Answer.Status);
            Assert.True(one.Answer.Headers.RetryAfter?.Delta >= TimeSpan.FromSeconds(1));
        });
        Assert.Equal(0, server.Server.HeldBytes);
    }

    private static string Input(string name, string shape, string datatype, string data) => $$"""{"inputs":[{"name":"{{name}}","shape":{{shape}},"datatype":"{{datatype}}","data":{{data}}},{"name":"b","shape":[1,3],"datatype":"FP32","data":[1,2,3]}]}""";

    private static string JsonOf(TensorValue tensor)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartArray();
            JsonElements.Write(writer, tensor, 0, (int)tensor.Shape.ElementCount);
            writer.WriteEndArray();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
