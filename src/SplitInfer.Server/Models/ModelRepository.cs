using Microsoft.Extensions.Logging;
using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Protocol;
using SplitInfer.Segments;
using SplitInfer.Tensors;

namespace SplitInfer.Server.Models;

/// <summary>The models that a server holds, read once when it starts.</summary>
internal sealed partial class ModelRepository : IModelRegistry, IDisposable
{
    private const string SamplesFolder = "inputs";

    private readonly IReadOnlyList<ServedModel> _models;

    private readonly string _engineVersion;

    private ModelRepository(IReadOnlyList<ServedModel> models, string engineVersion) => (_models, _engineVersion) = (models, engineVersion);

    /// <summary>What is served, names in order, the latest version of each first.</summary>
    public IReadOnlyList<ServedModel> Models => _models;

    /// <summary>Reads every model of the directory and makes its plan. One that cannot be planned is logged and left out, so that it does not take the others down.</summary>
    /// <exception cref="ModelRepositoryException">The directory cannot be served, or not one model in it can.</exception>
    public static async ValueTask<ModelRepository> OpenAsync(ModelRepositorySettings settings, ILogger logger, CancellationToken cancellationToken)
    {
        var files = ModelDirectory.List(settings.Directory);
        var models = new List<ServedModel>();
        SplitInferException? refusal = null;
        var execution = settings.Execution.LoggingTo(logger);
        foreach (var (name, version, path) in files)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                models.Add(await LoadAsync(name, version, path, settings, execution, logger, cancellationToken).ConfigureAwait(false));
                LogServing(logger, name, version, models[^1].Plan.Model);
            }
            catch (SplitInferException error)
            {
                LogRefused(logger, error, name, version, error.Message);
                refusal ??= error;
            }
        }

        return models.Count > 0 ? new(models, execution.Engine.Version) : throw new ModelRepositoryException(files.Count == 0
            ? $"There is no model in '{settings.Directory}'. Put each at <name>/<version>/model.onnx."
            : $"None of the {files.Count} models in '{settings.Directory}' can be served; the log says why. The first: {refusal?.Message}", refusal);
    }

    /// <summary>Finds the model that a client has the head of.</summary>
    /// <exception cref="TailRefusedException">There is none, or it is not the same.</exception>
    public ValueTask<IServedModel> OpenAsync(ModelClaim claim, CancellationToken cancellationToken) => new(Find(claim));

    public void Dispose()
    {
        foreach (var model in _models) model.Dispose();
    }

    private ServedModel Find(ModelClaim claim)
    {
        var (name, version, model) = (claim.Name, claim.Version, claim.Model);
        var named = _models.Where(m => (name.Length == 0 || m.Name == name) && (version.Length == 0 || m.Version == version)).ToList();
        if (named.Count == 0)
            throw new TailRefusedException(RefusalCode.UnknownModel, $"This server has no model '{name}'{(version.Length == 0 ? "" : $" version '{version}'")}. It serves: {string.Join(", ", _models.Select(static m => $"{m.Name} {m.Version}"))}.");
        var same = named.Find(m => m.Plan.Model == model);
        if (same is null)
            throw name.Length == 0
                ? new TailRefusedException(RefusalCode.UnknownModel, $"This server has no model with fingerprint {model}. Put the client's file at <name>/<version>/model.onnx in the server's model directory.")
                : new TailRefusedException(RefusalCode.ModelMismatch, $"The server's '{name}' is another file: its fingerprint is {named[0].Plan.Model}, the client's is {model}. Give both ends the same file.");
        return same.Plan.Fingerprint == claim.Plan ? same : throw PlansDiffer(same, claim);
    }

    /// <summary>Plans a model with the samples that lie beside it, in the folder <c>inputs</c>.</summary>
    private static PartitionedModel Plan(string path, PlanOptions options, ExecutionOptions execution, ILogger logger)
    {
        var file = OnnxModel.Load(path, options.Limits);
        options = options.For(file);
        var folder = Path.Combine(Path.GetDirectoryName(path)!, SamplesFolder);
        if (!Directory.Exists(folder)) return PartitionedModel.From(file, options, execution);
        var samples = new Dictionary<string, Tensor>();
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

    private TailRefusedException PlansDiffer(ServedModel served, ModelClaim claim)
    {
        var at = PlanSketch.FirstDifference(served.Plan, claim.Sketch.Span);
        var where = at is { } k ? $" They differ first at partition {k} of {served.Plan.Partitions.Length - 1}, which at the server {PlanSketch.Describe(served.Plan.Partitions[k])}." : "";
        return new(RefusalCode.PlanMismatch,
            $"The client's plan of '{served.Name}' is {claim.Plan}, the server's {served.Plan.Fingerprint}.{where} Run the same release of SplitInfer and of ONNX Runtime at both ends (the server has ONNX Runtime {_engineVersion}), and name the same {nameof(PlanOptions.FedInitializers)}.")
        {
            DifferingPartition = at,
        };
    }

    private static async ValueTask<ServedModel> LoadAsync(string name, string version, string path, ModelRepositorySettings settings, ExecutionOptions execution, ILogger logger, CancellationToken cancellationToken)
    {
        var model = await Task.Run(() => Plan(path, settings.Plan, execution, logger), cancellationToken).ConfigureAwait(false);
        var served = new ServedModel(name, version, model, new SegmentCache(new SegmentCompiler(model, execution), settings.SegmentMemoryBytes));
        if (settings.PreloadArms) await served.PreloadAsync(error => LogNotLoaded(logger, error, name, version, error.Partition), cancellationToken).ConfigureAwait(false);
        return served;
    }

    [LoggerMessage(LogLevel.Information, "Serving {Name} {Version}, fingerprint {Fingerprint}")]
    private static partial void LogServing(ILogger logger, string name, string version, Fingerprint fingerprint);

    [LoggerMessage(LogLevel.Warning, "Serving {Name} {Version} without partition {Partition}, whose tail cannot be loaded")]
    private static partial void LogNotLoaded(ILogger logger, Exception error, string name, string version, int partition);

    [LoggerMessage(LogLevel.Warning, "The samples in {Folder} are passed over: they cannot be read, or are not what the model takes")]
    private static partial void LogSamplesIgnored(ILogger logger, Exception error, string folder);

    [LoggerMessage(LogLevel.Error, "Not serving {Name} {Version}: {Reason}")]
    private static partial void LogRefused(ILogger logger, Exception error, string name, string version, string reason);
}
