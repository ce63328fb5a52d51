using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Partitioning;

namespace SplitInfer.Cli.Inputs;

/// <summary>Loads models that the command line names.</summary>
internal static class ModelFile
{
    /// <summary>Makes sure that there is a file, without reading it.</summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    public static void Require(string path)
    {
        if (!File.Exists(path)) throw new FileNotFoundException(Directory.Exists(path) ? $"'{path}' is a folder. Give the path of an .onnx file in it." : $"There is no model file '{path}'. Give the path of an .onnx file.", path);
    }

    /// <summary>Reads and plans a model.</summary>
    /// <param name="path">An ONNX file.</param>
    /// <param name="samples">Folder of inputs to plan with; null where there are none, so that they are made up.</param>
    /// <param name="plan">How the plan is made.</param>
    /// <param name="execution">How ONNX Runtime runs.</param>
    /// <exception cref="UsageException">The options do not fit the model.</exception>
    /// <exception cref="SplitInferException">The file is no model that can be cut.</exception>
    public static PartitionedModel Load(string path, string? samples, PlanOptions plan, ExecutionOptions execution)
    {
        var model = OnnxModel.Load(path, plan.Limits);
        if (samples is null) return Plan(model, plan, execution);
        plan.SampleInputs = TensorFolder.Read(samples, "input", model.InputNames);
        try
        {
            return Plan(model, plan, execution);
        }
        finally
        {
            foreach (var tensor in plan.SampleInputs.Values) tensor.Dispose();
        }
    }

    /// <summary>Plans a model that was read. See <see cref="Load"/> for the errors.</summary>
    public static PartitionedModel Plan(OnnxModel model, PlanOptions plan, ExecutionOptions execution)
    {
        try
        {
            return PartitionedModel.From(model, plan, execution);
        }
        catch (ArgumentException error)
        {
            throw new UsageException($"{model.Source}: {OptionWords.Of(error)}");
        }
        catch (SplitInferException error) when (!error.Message.Contains(model.Source, StringComparison.Ordinal))
        {
            throw new ModelException($"{model.Source}: {OptionWords.Of(error.Message)}", error);
        }
    }
}
