using System.Globalization;
using Google.Protobuf;
using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Partitioning;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Core.Tests.Models;

public class ExternalDataTests
{
    [Fact]
    public void A_model_with_external_data_is_cut_like_one_without()
    {
        using var folder = new TestFolder();
        ResNet18.Build().Save(folder["inside/model.onnx"], "weights.bin");

        var model = PartitionedModel.Load(folder["inside/model.onnx"], null, Partitioning.SplitRun.Execution);
        var inputs = model.MakeInputs(1);
        var whole = Partitioning.SplitRun.Cut(model, model.Plan.AllOnDevice.Index, inputs);

        foreach (var arm in model.Plan.Arms.Take(3))
        {
            var cut = Partitioning.SplitRun.Cut(model, arm.Index, inputs);
            Assert.True(SplitInfer.Tensors.TensorDifference.Between(whole[0], cut[0]).IsWithin(1e-4));
        }

        Assert.True(model.Head(model.Plan.AllOnDevice.Index).ToBytes().Length < 200_000, "The weights stay in their own file.");
    }

    [Fact]
    public void The_fingerprint_covers_external_data()
    {
        using var folder = new TestFolder();
        var original = Save(folder).Fingerprint;
        Assert.Equal(original, Save(folder).Fingerprint);

        var weights = File.ReadAllBytes(folder["weights.bin"]);
        weights[^1] ^= 1;
        File.WriteAllBytes(folder["weights.bin"], weights);

        Assert.NotEqual(original, OnnxModel.Load(folder["model.onnx"]).Fingerprint);
    }

    [Fact]
    public void The_fingerprint_of_a_single_file_is_its_digest()
    {
        var bytes = FunctionNet.Build().ToBytes();

        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)), OnnxModel.Parse(bytes).Fingerprint.ToString());
    }

    [Theory]
    [InlineData("../weights.bin")]
    [InlineData("inner/../../weights.bin")]
    [InlineData("inner/../weights.bin")]
    [InlineData("/etc/passwd")]
    [InlineData("C:\\weights.bin")]
    [InlineData("..\\weights.bin")]
    [InlineData("inner//weights.bin")]
    [InlineData("file:weights.bin")]
    [InlineData("weights.bin\0")]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("missing.bin")]
    [InlineData("*/_ORT_MEM_ADDR_/*")]
    public void A_location_outside_the_folder_is_refused(string location)
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder["inner/other.bin"], "");

        RefusedWith(folder, "location", location);
    }

    [Fact]
    public void A_link_is_not_followed()
    {
        using var folder = new TestFolder();
        using var elsewhere = new TestFolder();
        Save(folder);
        File.Move(folder["weights.bin"], elsewhere["weights.bin"]);
        File.CreateSymbolicLink(folder["weights.bin"], elsewhere["weights.bin"]);
        Assert.Contains("link", Assert.Throws<ModelFormatException>(() => OnnxModel.Load(folder["model.onnx"])).Message, StringComparison.Ordinal);

        File.Delete(folder["weights.bin"]);
        Directory.CreateSymbolicLink(folder["linked"], elsewhere.Path);
        Assert.Contains("link", RefusedWith(folder, "location", "linked/weights.bin").Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("offset", "-1")]
    [InlineData("offset", "9223372036854775807")]
    [InlineData("offset", "99999999999999999999")]
    [InlineData("offset", "1e3")]
    [InlineData("length", "-8")]
    [InlineData("length", "9223372036854775807")]
    [InlineData("length", " 8")]
    public void A_part_beyond_the_file_is_refused(string key, string value)
    {
        using var folder = new TestFolder();

        RefusedWith(folder, key, value);
    }

    [Fact]
    public void A_file_cut_short_is_refused()
    {
        using var folder = new TestFolder();
        Save(folder);
        using (var weights = File.OpenWrite(folder["weights.bin"])) weights.SetLength(weights.Length - 1);

        var error = Assert.Throws<ModelFormatException>(() => OnnxModel.Load(folder["model.onnx"]));
        Assert.Contains("weights.bin", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Dimensions_that_no_tensor_has_are_refused()
    {
        using var folder = new TestFolder();
        Save(folder, static tensor => tensor.Dims.Add(long.MaxValue));
        Assert.Throws<ModelFormatException>(() => OnnxModel.Load(folder["model.onnx"]));

        Save(folder, static tensor => tensor.Dims[0] = -1);
        Assert.Throws<ModelFormatException>(() => OnnxModel.Load(folder["model.onnx"]));
    }

    [Fact]
    public void External_data_in_bodies_and_functions_is_checked_as_well()
    {
        var stray = new TensorProto
        {
            Name = "stray", DataType = 1, Dims = { 1 }, DataLocation = TensorProto.Types.DataLocation.External,
            ExternalData = { new StringStringEntryProto { Key = "location", Value = "../secret" } },
        };
        var constant = new NodeProto { OpType = "Constant", Output = { "c" }, Attribute = { new AttributeProto { Name = "value", T = stray } } };
        using var folder = new TestFolder();

        var inFunction = FunctionNet.Build().Build();
        inFunction.Functions[0].Node.Add(constant);
        var inBody = ControlFlow.Build().Build();
        inBody.Graph.Node.First(static n => n.OpType == "Loop").Attribute[0].G.Node.Add(constant);
        var inSparse = FunctionNet.Build().Build();
        inSparse.Graph.SparseInitializer.Add(new SparseTensorProto { Values = stray });

        foreach (var model in new[] { inFunction, inBody, inSparse })
            Assert.Contains("../secret", Assert.Throws<ModelFormatException>(() => OnnxModel.Parse(model.ToByteArray(), folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_without_a_folder_may_have_no_external_data()
    {
        using var folder = new TestFolder();
        Save(folder);

        Assert.Contains("folder", Assert.Throws<ModelFormatException>(() => OnnxModel.Parse(File.ReadAllBytes(folder["model.onnx"]))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void External_data_over_the_limit_is_refused()
    {
        using var folder = new TestFolder();
        Save(folder);

        Assert.Throws<ModelFormatException>(() => OnnxModel.Load(folder["model.onnx"], new() { MaxExternalBytes = 100 }));
    }

    private static OnnxModel Save(TestFolder folder, Action<TensorProto>? change = null)
    {
        FunctionNet.Build().Save(folder["model.onnx"], "weights.bin");
        if (change is not null)
        {
            var model = ModelBytes.Read(folder["model.onnx"]);
            change(model.Graph.Initializer.First(static i => i.ExternalData.Count > 0));
            File.WriteAllBytes(folder["model.onnx"], model.ToByteArray());
            return null!;
        }

        return OnnxModel.Load(folder["model.onnx"]);
    }

    private static ModelFormatException RefusedWith(TestFolder folder, string key, string value)
    {
        Save(folder, tensor => tensor.ExternalData.First(e => e.Key == key).Value = value);
        var error = Assert.Throws<ModelFormatException>(() => OnnxModel.Load(folder["model.onnx"]));
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"{value}"), error.Message, StringComparison.Ordinal);
        return error;
    }
}
