using SplitInfer.Client;
using SplitInfer.Client.Arms;
using SplitInfer.Policies;
using SplitInfer.Client.Transport;
using SplitInfer.Models;
using SplitInfer.Protocol;
using SplitInfer.Server;
using SplitInfer.Server.Models;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.EndToEnd;

/// <summary>Each thing that a user can get wrong gives a typed error whose message says what was wrong and what to do.</summary>
public class BadInputTests
{
    private static readonly byte[] Model = UNet.Build().ToBytes();

    [Fact]
    public async Task A_wrong_input_name()
    {
        await using var client = await LocalAsync();
        using var tensor = InputOf(client);
        var error = await Assert.ThrowsAsync<TensorMismatchException>(async () => await client.InferAsync(new Dictionary<string, TensorValue> { ["wrong"] = tensor }));
        Assert.Contains("wrong", error.Message);
        AssertNamesModelAndInput(client, error);
    }

    [Fact]
    public async Task A_wrong_number_of_inputs()
    {
        await using var client = await LocalAsync();
        using var tensor = InputOf(client);
        var error = await Assert.ThrowsAsync<TensorMismatchException>(async () => await client.InferAsync(new[] { tensor, tensor }));
        Assert.Contains("1 tensor is needed, 2 given", error.Message);
        Assert.Contains($"{tensor}, {tensor}", error.Message);
        AssertNamesModelAndInput(client, error);
    }

    [Fact]
    public async Task No_tensor_where_one_is_needed()
    {
        await using var client = await LocalAsync();
        var error = await Assert.ThrowsAsync<TensorMismatchException>(async () => await client.InferAsync(new TensorValue[] { null! }));
        Assert.Contains("null", error.Message);
        AssertNamesModelAndInput(client, error);
    }

    [Fact]
    public async Task A_missing_input()
    {
        await using var client = await LocalAsync();
        var error = await Assert.ThrowsAsync<TensorMismatchException>(async () => await client.InferAsync(new Dictionary<string, TensorValue>()));
        AssertNamesModelAndInput(client, error);
    }

    [Fact]
    public async Task A_wrong_output_name()
    {
        await using var client = await LocalAsync();
        using var tensor = InputOf(client);
        using var result = await client.InferAsync(tensor);
        var error = Assert.Throws<TensorMismatchException>(() => result["wrong"]);
        Assert.Contains("model.onnx: ", error.Message);
        Assert.Contains(client.Plan.Outputs[0].ToString(), error.Message);
    }

    [Fact]
    public async Task A_wrong_element_type()
    {
        await using var client = await LocalAsync();
        using var tensor = RandomTensor.Normal(new Random(1), ElementType.Float64, client.Plan.Inputs[0].Shape.Dimensions);
        var error = await Assert.ThrowsAsync<TensorMismatchException>(async () => await client.InferAsync(tensor));
        Assert.Contains(tensor.ToString(), error.Message);
        AssertNamesModelAndInput(client, error);
    }

    [Fact]
    public async Task A_wrong_shape()
    {
        await using var client = await LocalAsync();
        using var tensor = RandomTensor.Normal(new Random(1), ElementType.Float32, 1, 2, 3);
        var error = await Assert.ThrowsAsync<TensorMismatchException>(async () => await client.InferAsync(tensor));
        Assert.Contains("1×2×3", error.Message);
        AssertNamesModelAndInput(client, error);
    }

    [Fact]
    public async Task A_partition_that_does_not_exist()
    {
        await using var client = await LocalAsync();
        using var tensor = InputOf(client);
        var error = await Assert.ThrowsAsync<InvalidPartitionException>(async () => await client.InferAsync(tensor, new() { Partition = 9999 }));
        Assert.Contains("9999", error.Message);
        Assert.Contains($"{client.Plan.AllOnDevice.Index}", error.Message);
    }

    [Fact]
    public async Task An_unknown_model()
    {
        await using var deployment = await Deployment.StartAsync(Model);
        using var folder = new TestFolder();
        await File.WriteAllBytesAsync(folder["other.onnx"], Detector.Build().ToBytes());
        await using var client = await deployment.ConnectAsync(o => (o.ModelPath, o.Policy, o.OnServerFailure) = (folder["other.onnx"], PolicyNames.AllOnServer, OnServerFailure.Throw));
        var inputs = client.Plan.Inputs.ToDictionary(i => i.Name, i => RandomTensor.Normal(new Random(1), i.Type, i.Shape.Dimensions));
        var error = await Assert.ThrowsAsync<TailRefusedException>(async () => await client.InferAsync(inputs));
        Assert.Equal(RefusalCode.UnknownModel, error.Code);
        Assert.Contains(client.Plan.Model.ToString(), error.Message);
    }

    [Fact]
    public async Task An_unknown_model_name()
    {
        await using var deployment = await Deployment.StartAsync(Model);
        await using var client = await deployment.ConnectAsync(o => (o.ModelName, o.Policy, o.OnServerFailure) = ("nobody", PolicyNames.AllOnServer, OnServerFailure.Throw));
        using var tensor = InputOf(client);
        var error = await Assert.ThrowsAsync<TailRefusedException>(async () => await client.InferAsync(tensor));
        Assert.Equal(RefusalCode.UnknownModel, error.Code);
        Assert.Contains("Check the name", error.Message);
        Assert.DoesNotContain("demo", error.Message); // whoever may not see the models does not learn their names by guessing
    }

    [Fact]
    public async Task Another_file_under_the_same_name()
    {
        await using var deployment = await Deployment.StartAsync(Model);
        using var folder = new TestFolder();
        await File.WriteAllBytesAsync(folder["other.onnx"], UNet.Build(seed: 99).ToBytes());
        await using var client = await deployment.ConnectAsync(o => (o.ModelPath, o.ModelName, o.Policy, o.OnServerFailure) = (folder["other.onnx"], "demo", PolicyNames.AllOnServer, OnServerFailure.Throw));
        using var tensor = InputOf(client);
        var error = await Assert.ThrowsAsync<TailRefusedException>(async () => await client.InferAsync(tensor));
        Assert.Equal(RefusalCode.ModelMismatch, error.Code);
        Assert.Contains("same file", error.Message);
    }

    [Fact]
    public async Task A_server_that_is_not_there()
    {
        Uri address;
        await using (var deployment = await Deployment.StartAsync(Model)) address = deployment.Server.Endpoints[0];
        await using var client = await LocalAsync(o => (o.Server, o.Policy, o.OnServerFailure) = (address, PolicyNames.AllOnServer, OnServerFailure.Throw));
        using var tensor = InputOf(client);
        var error = await Assert.ThrowsAsync<ServerUnreachableException>(async () => await client.InferAsync(tensor));
        Assert.Contains(address.Authority, error.Message);
    }

    [Fact]
    public async Task A_server_that_is_not_there_leaves_a_fixed_partition_to_the_device()
    {
        Uri address;
        await using (var deployment = await Deployment.StartAsync(Model)) address = deployment.Server.Endpoints[0];
        await using var client = await LocalAsync(o => (o.Server, o.Policy) = (address, PolicyNames.AllOnServer));
        using var tensor = InputOf(client);
        for (var request = 0; request < 2; request++)
        {
            using var result = await client.InferAsync(tensor);
            Assert.Equal(InferenceSource.Device, result.Source);
            Assert.Contains(address.Authority, Assert.IsType<ServerUnreachableException>(result.ServerFailure).Message);
        }

        Assert.IsType<ServerUnreachableException>(client.ServerFailure);
    }

    [Fact]
    public async Task A_partition_that_needs_a_server_where_none_was_named()
    {
        await using var client = await LocalAsync();
        using var tensor = InputOf(client);
        var error = await Assert.ThrowsAsync<ServerUnreachableException>(async () => await client.InferAsync(tensor, new() { Partition = 0 }));
        Assert.Contains(nameof(SplitInferenceOptions.Server), error.Message);
    }

    [Fact]
    public async Task A_file_that_is_not_onnx()
    {
        using var folder = new TestFolder();
        await File.WriteAllTextAsync(folder["notes.onnx"], "These are notes, not a model.");
        var error = await Assert.ThrowsAsync<ModelFormatException>(async () => await SplitInferenceClient.CreateAsync(new() { ModelPath = folder["notes.onnx"] }));
        Assert.Contains("notes.onnx", error.Message);
    }

    [Fact]
    public async Task A_file_that_is_missing()
    {
        var error = await Assert.ThrowsAsync<FileNotFoundException>(async () => await SplitInferenceClient.CreateAsync(new() { ModelPath = "no/such/model.onnx" }));
        Assert.Contains("no/such/model.onnx", error.Message);
    }

    [Theory]
    [InlineData(PolicyNames.AllOnServer, "Wrong", null, "Raw")]
    [InlineData(PolicyNames.Fixed, "Raw", null, nameof(SplitInferenceOptions.Partition))]
    public async Task Options_that_make_no_sense(string policy, string codec, int? partition, string mentioned)
    {
        var error = await Assert.ThrowsAsync<ArgumentException>(async () => await LocalAsync(o => (o.Policy, o.Codec, o.Partition) = (policy, codec, partition)));
        Assert.Contains(mentioned, error.Message);
    }

    [Theory]
    [InlineData("Wrong", "seed", PolicyNames.AllOnServer)]
    [InlineData(PolicyNames.MuLinUcb, "wrong", "forcedInterval")]
    [InlineData(PolicyNames.EpsilonGreedy, "epsilon", "0 to 1")]
    public async Task A_policy_that_cannot_be_made_as_asked(string policy, string option, string mentioned)
    {
        var error = await Assert.ThrowsAsync<PolicyOptionException>(async () => await LocalAsync(o =>
            (o.Policy, o.PolicyOptions) = (policy, new Dictionary<string, string> { [option] = "7" })));
        Assert.Contains(mentioned, error.Message);
    }

    [Fact]
    public async Task A_model_directory_without_models()
    {
        using var folder = new TestFolder();
        var error = await Assert.ThrowsAsync<ModelRepositoryException>(async () => await SplitInferServer.StartAsync(new() { ModelsDirectory = folder.Path }));
        Assert.Contains("<name>/<version>/model.onnx", error.Message);
    }

    // The file, and the input's name with its type and shape.
    private static void AssertNamesModelAndInput(SplitInferenceClient client, TensorMismatchException error)
    {
        Assert.Contains("model.onnx: ", error.Message);
        Assert.Contains(client.Plan.Inputs[0].ToString(), error.Message);
    }

    private static async Task<SplitInferenceClient> LocalAsync(Action<SplitInferenceOptions>? configure = null)
    {
        using var folder = new TestFolder();
        await File.WriteAllBytesAsync(folder["model.onnx"], Model);
        var options = new SplitInferenceOptions { ModelPath = folder["model.onnx"] };
        configure?.Invoke(options);
        return await SplitInferenceClient.CreateAsync(options);
    }

    private static TensorValue InputOf(SplitInferenceClient client) =>
        RandomTensor.Normal(new Random(1), client.Plan.Inputs[0].Type, client.Plan.Inputs[0].Shape.Dimensions);
}
