using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Inputs;

/// <summary>A model and a tensor for each of its inputs.</summary>
internal sealed class ModelWithInputs : IDisposable
{
    private ModelWithInputs(PartitionedModel model, TensorValue[] inputs, string[] synthetic) => (Model, Inputs, Synthetic) = (model, inputs, synthetic);

    public PartitionedModel Model { get; }

    /// <summary>One tensor for each input of the plan.</summary>
    public TensorValue[] Inputs { get; }

    /// <summary>Names of the inputs that were not given, and are synthetic.</summary>
    public IReadOnlyList<string> Synthetic { get; }

    /// <summary>Loads a model and plans it for its inputs. Those that are not given are made up.</summary>
    /// <param name="path">An ONNX file.</param>
    /// <param name="readInputs">Reads the inputs that are given, from the names of all.</param>
    /// <param name="plan">How the plan is made.</param>
    /// <param name="execution">How ONNX Runtime runs.</param>
    /// <param name="seed">Seed of what is made up.</param>
    /// <param name="mayNameOthersSizes">Whether the sizes in <paramref name="plan"/> are for other models too, so that those which this one does not have are left out.</param>
    /// <exception cref="UsageException">The options do not fit the model.</exception>
    /// <exception cref="SplitInferException">The model cannot be cut, or a tensor does not fit it.</exception>
    public static ModelWithInputs Load(
        string path, Func<IReadOnlyList<string>, Dictionary<string, TensorValue>> readInputs, PlanOptions plan, ExecutionOptions execution, int seed, bool mayNameOthersSizes = false)
    {
        var file = OnnxModel.Load(path, plan.Limits);
        if (mayNameOthersSizes) plan = plan.For(file);
        var given = Read(file, readInputs, plan, execution);
        plan.SampleInputs = given;
        // Whoever gives a value for an input that the file has one for wants it to be used.
        plan.FedInitializers = plan.FedInitializers.Concat(given.Keys.Where(file.FedableInitializers.Contains)).ToHashSet(StringComparer.Ordinal);
        var model = ModelFile.Plan(file, plan, execution);
        return new(model, Complete(model, given, seed), [.. model.Plan.Inputs.Select(static i => i.Name).Where(name => !given.ContainsKey(name))]);
    }

    /// <summary>Loads a model with the inputs of a folder, where there is one. See <see cref="Load(string, Func{IReadOnlyList{string}, Dictionary{string, TensorValue}}, PlanOptions, ExecutionOptions, int, bool)"/>.</summary>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    public static ModelWithInputs Load(string path, string? folder, PlanOptions plan, ExecutionOptions execution, int seed, bool mayNameOthersSizes = false) =>
        Load(path, names => folder is null ? [] : TensorFolder.Read(folder, "input", names), plan, execution, seed, mayNameOthersSizes);

    /// <summary>Names the file in an error of a run, and says what to give where inputs were made up.</summary>
    /// <param name="error">The error.</param>
    /// <param name="option">The option that gives inputs, as it is typed.</param>
    public ModelException Explain(SplitInferException error, string option)
    {
        var source = Model.Source;
        if (Synthetic.Count == 0) return new(error.Message.Contains(source, StringComparison.Ordinal) ? error.Message : $"{source}: {error.Message}", error);
        var names = string.Join(", ", Synthetic.Select(static name => $"'{name}'"));
        return new($"{source}: the model does not run on inputs that are made up. Give real ones for {names} with {option}, or sizes with --dim name=size. {error.Message}", error);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in Inputs) tensor.Dispose();
    }

    private static Dictionary<string, TensorValue> Read(OnnxModel file, Func<IReadOnlyList<string>, Dictionary<string, TensorValue>> readInputs, PlanOptions plan, ExecutionOptions execution)
    {
        try
        {
            return readInputs([.. file.InputNames, .. file.FedableInitializers]);
        }
        catch (InvalidTensorException)
        {
            // A model that takes sequences comes with files that hold some; that it takes them says more than that no tensor is in there.
            ModelFile.Plan(file, plan, execution);
            throw;
        }
    }

    private static TensorValue[] Complete(PartitionedModel model, Dictionary<string, TensorValue> given, int seed)
    {
        try
        {
            return [.. model.Plan.Inputs.Select((input, index) => given.TryGetValue(input.Name, out var tensor) ? tensor : model.MakeInput(index, seed))];
        }
        catch (Exception error) when (error is TensorMismatchException or SizeLimitException)
        {
            throw new ModelException($"{model.Source}: {error.Message} Inputs come from --inputs DIR or --input NAME=FILE, sizes from --dim name=size.", error);
        }
    }
}
