using Microsoft.Extensions.Logging;
using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Segments;
using SplitInfer.Tensors;

namespace SplitInfer.Server.Models;

/// <summary>Reads a directory of models, <c>&lt;name&gt;/&lt;version&gt;/model.onnx</c>, and publishes them.</summary>
internal static partial class ModelRepository
{
    private const string SamplesFolder = "inputs";

    /// <summary>Reads every model of the directory and makes its plan. One that cannot be planned is logged and left out, so that it does not take the others down.</summary>
    /// <param name="settings">The directory, and how its models are served.</param>
    /// <param name="registry">Where the models are published.</param>
    /// <param name="logger">Told of every model.</param>
    /// <param name="cancellationToken">Ends the reading. What was published by then stays.</param>
    /// <exception cref="ModelRepositoryException">The directory cannot be served, or not one model in it can.</exception>
    public static async ValueTask PublishAsync(ModelRepositorySettings settings, ModelRegistry registry, ILogger logger, CancellationToken cancellationToken)
    {
        var files = ModelDirectory.List(settings.Directory);
        var published = 0;
        SplitInferException? refusal = null;
        foreach (var (name, version, path) in files)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                var model = await Task.Run(() => Plan(path, settings.Plan, settings.Execution, logger), cancellationToken).ConfigureAwait(false);
                await PublishAsync(name, version, model, settings, registry, logger, cancellationToken).ConfigureAwait(false);
                published++;
            }
            catch (SplitInferException error)
            {
                LogRefused(logger, error, name, version, error.Message);
                refusal ??= error;
            }
        }

        if (published == 0) throw new ModelRepositoryException(files.Count == 0
            ? $"There is no model in '{settings.Directory}'. Put each at <name>/<version>/model.onnx."
            : $"None of the {files.Count} models in '{settings.Directory}' can be served; the log says why. The first: {refusal?.Message}", refusal);
    }

    /// <summary>Plans a model with the samples that lie beside it, in the folder <c>inputs</c>.</summary>
    private static PartitionedModel Plan(string path, PlanOptions options, ExecutionOptions execution, ILogger logger)
    {
        var file = OnnxModel.Load(path, options.Limits);
        options = options.For(file);
        var folder = Path.Combine(Path.GetDirectoryName(path)!, SamplesFolder);
        if (!Directory.Exists(folder)) return PartitionedModel.From(file, options, execution);
        var samples = new Dictionary<string, TensorValue>();
        try
        {
            samples = TensorFolder.Read(folder, "input", [.. ModelGraph.Of(file, options.FedInitializers).Inputs.Select(static input => input.Name)]);
            return PartitionedModel.From(file, options.WithSamples(samples), execution);
        }
        catch (Exception error) when (error is InvalidTensorException or TensorMismatchException or IOException or UnauthorizedAccessException)
        {
            // Samples tell what cuts cost. A model can be served without.
            LogSamplesIgnored(logger, error, folder);
            return PartitionedModel.From(file, options, execution);
        }
        finally
        {
            foreach (var tensor in samples.Values) tensor.Dispose();
        }
    }

    /// <summary>Publishes a model that is planned.</summary>
    public static async ValueTask PublishAsync(
        string name, string version, PartitionedModel model, ModelRepositorySettings settings, ModelRegistry registry, ILogger logger, CancellationToken cancellationToken)
    {
        var served = new ServedModel(name, version, model.Plan, settings.Segments.Open(new SegmentCompiler(model, settings.Execution)));
        try
        {
            if (settings.PreloadArms) await served.PreloadAsync(error => LogNotLoaded(logger, error, name, version, error.Partition), cancellationToken).ConfigureAwait(false);
            if (settings.ProfileTails)
            {
                served.TailSeconds = await new TailProfiler(model, served, settings.Time).MeasureAsync(reason => LogNotProfiled(logger, name, version, reason), cancellationToken).ConfigureAwait(false);
                LogProfiled(logger, name, version, served.TailSeconds.Count(static s => s > 0));
            }

            registry.Publish(served);
            LogServing(logger, name, version, model.Plan.Model);
        }
        catch
        {
            served.Dispose();
            throw;
        }
    }

    [LoggerMessage(LogLevel.Information, "Serving {Name} {Version}, fingerprint {Fingerprint}")]
    private static partial void LogServing(ILogger logger, string name, string version, Fingerprint fingerprint);

    [LoggerMessage(LogLevel.Warning, "Serving {Name} {Version} without partition {Partition}, whose tail cannot be loaded")]
    private static partial void LogNotLoaded(ILogger logger, Exception error, string name, string version, int partition);

    [LoggerMessage(LogLevel.Information, "Measured {Count} tails of {Name} {Version}")]
    private static partial void LogProfiled(ILogger logger, string name, string version, int count);

    [LoggerMessage(LogLevel.Warning, "No tail of {Name} {Version} could be measured on made-up inputs, so clients learn from their requests alone: {Reason}")]
    private static partial void LogNotProfiled(ILogger logger, string name, string version, string reason);

    [LoggerMessage(LogLevel.Warning, "The samples in {Folder} are passed over: they cannot be read, or are not what the model takes")]
    private static partial void LogSamplesIgnored(ILogger logger, Exception error, string folder);

    [LoggerMessage(LogLevel.Error, "Not serving {Name} {Version}: {Reason}")]
    private static partial void LogRefused(ILogger logger, Exception error, string name, string version, string reason);
}
