using System.Security.Cryptography;
using System.Text;
using SplitInfer.Core.Tests.Partitioning;
using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Segments;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Models;

/// <summary>A model that was read does not change with the files that it was read from.</summary>
public sealed class ExternalCopyTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public ExternalCopyTests()
    {
        var g = new GraphBuilder();
        // Large enough that engines map it, rather than read it.
        g.Output(g.Relu(g.Dense(g.Relu(g.Input("x", ElementType.Float32, 1, 300)), 300)), "y");
        g.Save(_folder["model.onnx"], "weights.bin");
    }

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Damages => ["rewritten", "cut short", "removed"];

    [Theory]
    [MemberData(nameof(Damages))]
    public void What_happens_to_the_file_changes_no_answer_of_a_loaded_model(string damage)
    {
        var model = PartitionedModel.Load(_folder["model.onnx"], null, SplitRun.Execution);
        var inputs = model.MakeInputs(seed: 1);
        // Weights that are not shared stay where the engine finds them for as long as the session lives.
        var execution = new ExecutionOptions { IntraOpThreads = 1, ShareWeights = false };
        using var loaded = LoadedCut.Load(model, model.Plan.AllOnDevice.Index, execution);
        using var file = LoadedCut.LoadFile(model, execution);
        var before = loaded.Run(inputs);

        Damage(damage);

        Assert.True(TensorDifference.Between(before[0], loaded.Run(inputs)[0]).IsBitExact);
        file.MakeBoundary(inputs);
        using var later = LoadedCut.Load(model, 1, execution);
        Assert.True(TensorDifference.Between(before[0], later.Run(inputs)[0]).IsWithin(1e-5));
        using var shared = new CutLoader(model, SplitRun.Execution);
        Assert.True(TensorDifference.Between(before[0], SplitRun.Cut(model, 1, inputs)[0]).IsWithin(1e-5));
        Assert.NotNull(model.WriteTail(1, _folder["tail.onnx"]));
    }

    [Fact]
    public void Both_ends_compute_the_fingerprint_from_the_file_and_the_names_and_contents_of_its_data()
    {
        byte[] expected = SHA256.HashData((byte[])
        [
            .. SHA256.HashData(File.ReadAllBytes(_folder["model.onnx"])),
            .. SHA256.HashData(Encoding.UTF8.GetBytes("weights.bin")), .. SHA256.HashData(File.ReadAllBytes(_folder["weights.bin"])),
        ]);

        Assert.Equal(Convert.ToHexStringLower(expected), OnnxModel.Load(_folder["model.onnx"]).Fingerprint.ToString());
    }

    [Fact]
    public void The_copy_is_open_to_this_user_only_and_has_the_bytes_of_the_file()
    {
        var model = OnnxModel.Load(_folder["model.onnx"]);

        Assert.Equal(File.ReadAllBytes(_folder["weights.bin"]), File.ReadAllBytes(Path.Combine(model.Folder!, "weights.bin")));
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(model.Folder)!));
    }

    [Fact]
    public void A_file_of_holes_takes_no_room_and_keeps_its_length_and_digest()
    {
        var copy = ExternalCopy.Create();
        byte[] content = [.. new byte[3 << 20], 1, .. new byte[1 << 20]];

        using var copied = copy.Add(["inner", "holes.bin"], new MemoryStream(content), long.MaxValue, out var digest);

        Assert.Equal(SHA256.HashData(content), digest);
        Assert.Equal(content, File.ReadAllBytes(Path.Combine(copy.Folder, "inner", "holes.bin")));
        Assert.Throws<InvalidDataException>(() => copy.Add(["holes.bin"], new MemoryStream(content), content.Length - 1, out _));
        GC.KeepAlive(copy);
    }

    [Fact]
    public void A_copy_that_is_disposed_leaves_no_file_and_a_model_that_is_loaded_goes_on()
    {
        var model = PartitionedModel.Load(_folder["model.onnx"], null, SplitRun.Execution);
        var inputs = model.MakeInputs(seed: 1);
        using var loaded = LoadedCut.Load(model, model.Plan.AllOnDevice.Index, new ExecutionOptions { IntraOpThreads = 1, ShareWeights = false });
        var before = loaded.Run(inputs);
        model.Model.ExternalCopy!.Dispose();
        // Where mapped files cannot be removed, the next process does it.
        if (!OperatingSystem.IsWindows()) Assert.False(Directory.Exists(model.Model.Folder));
        model.Model.ExternalCopy.Dispose();
        Assert.Equal(before[0].Bytes.ToArray(), loaded.Run(inputs)[0].Bytes.ToArray());
    }

    [Fact]
    public void A_link_that_takes_the_place_of_a_step_is_refused_when_it_is_opened()
    {
        Assert.True(LinkFreeFile.IsSupported || OperatingSystem.IsWindows());
        if (!LinkFreeFile.IsSupported) return;
        using var elsewhere = new TestFolder();
        File.WriteAllText(elsewhere["secret"], "secret");
        File.CreateSymbolicLink(_folder["file"], elsewhere["secret"]);
        Directory.CreateSymbolicLink(_folder["linked"], elsewhere.Path);

        Assert.Null(LinkFreeFile.Open(_folder.Path, ["file"]));
        Assert.Null(LinkFreeFile.Open(_folder.Path, ["linked", "secret"]));
        Assert.Null(LinkFreeFile.Open(_folder.Path, ["missing"]));
        using var file = LinkFreeFile.Open(_folder["linked"], ["secret"]);
        Assert.Equal(6, RandomAccess.GetLength(file!));
    }

    [Fact]
    public void What_a_killed_process_has_left_is_removed_and_what_is_in_use_stays()
    {
        using var used = new FileStream(_folder["splitinfer-data-used/lock"], FileMode.Create, FileAccess.ReadWrite, FileShare.None);
        File.WriteAllText(_folder["splitinfer-data-left/lock"], "");
        File.WriteAllText(_folder["splitinfer-data-left/1/weights.bin"], "left");
        Directory.CreateDirectory(_folder["splitinfer-data-new/1"]);

        CopyFolders.Sweep(_folder.Path);

        Assert.Equal(["splitinfer-data-new", "splitinfer-data-used"], Directory.GetDirectories(_folder.Path).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void A_file_that_was_replaced_is_no_baseline_for_the_model_that_was_read()
    {
        var model = PartitionedModel.Load(_folder["model.onnx"], null, SplitRun.Execution);
        File.AppendAllBytes(_folder["model.onnx"], [0x70, 0x01]);

        Assert.Contains("Load the model again", Assert.Throws<ModelFormatException>(() => LoadedCut.LoadFile(model, SplitRun.Execution)).Message, StringComparison.Ordinal);
    }

    // In place, as a copy over it or an editor does, so that whoever has the file open or mapped sees it.
    private void Damage(string damage)
    {
        if (damage == "removed")
        {
            File.Delete(_folder["weights.bin"]);
            return;
        }

        using var file = new FileStream(_folder["weights.bin"], FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        if (damage == "cut short") file.SetLength(0);
        else file.Write(new byte[file.Length]);
    }
}
