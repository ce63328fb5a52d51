using SplitInfer.Cli.Inputs;
using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Commands.Run;

/// <summary>What the frames of a run infer: the inputs that are named or made up, the same each time, or the files of a folder in turn.</summary>
internal sealed class FrameInputs : IDisposable
{
    private readonly SampleFolder? _folder;

    private FrameInputs(ModelWithInputs model, SampleFolder? folder) => (Model, _folder) = (model, folder);

    /// <summary>The model, planned with the first of them.</summary>
    public ModelWithInputs Model { get; }

    /// <summary>How many frames differ.</summary>
    public int Count => _folder?.Count ?? 1;

    /// <summary>Loads the model, and what the command line names.</summary>
    /// <param name="path">An ONNX file.</param>
    /// <param name="named">What <c>--input</c> was given: files, or one folder for a model of one input.</param>
    /// <param name="plan">How the plan is made.</param>
    /// <param name="execution">How ONNX Runtime runs.</param>
    /// <param name="seed">Seed of what is made up.</param>
    /// <exception cref="UsageException">The folder has no files, or the model has other inputs.</exception>
    public static FrameInputs Load(string path, string[] named, PlanOptions plan, ExecutionOptions execution, int seed)
    {
        SampleFolder? folder = null;
        var model = ModelWithInputs.Load(path, names =>
        {
            if (named is not [var only] || names.Count == 0 || !Directory.Exists(only)) return TensorFiles.Read(named, names);
            folder = SampleFolder.Open(only, [names[0]]);
            return folder.Read(0);
        }, plan, execution, seed);
        if (folder is null || model.Synthetic.Count == 0) return new(model, folder);
        model.Dispose();
        throw new UsageException($"--input takes a folder for models of one input. This one also has {string.Join(", ", model.Synthetic)}; give one file for each as --input NAME=FILE.");
    }

    /// <summary>What a frame infers, to be given back.</summary>
    public TensorValue[] Of(int frame) => _folder is null ? Model.Inputs : _folder.Read(frame % _folder.Count, Model.Model.Plan.Inputs);

    /// <summary>Takes back what a frame has inferred.</summary>
    public void Return(TensorValue[] inputs)
    {
        if (_folder is null) return;
        foreach (var input in inputs) input.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose() => Model.Dispose();
}
