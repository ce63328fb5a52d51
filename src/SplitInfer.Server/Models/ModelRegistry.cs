using SplitInfer.Partitioning;
using SplitInfer.Protocol;

namespace SplitInfer.Server.Models;

/// <summary>
/// The models that are served. They are published, replaced and retired while others run: those who look for one read an immutable list,
/// and a model that is retired is disposed with its last lease. Thread-safe.
/// </summary>
/// <param name="engineVersion">The release of the engine; for messages.</param>
internal sealed class ModelRegistry(string engineVersion) : IModelRegistry, IDisposable
{
    private readonly Lock _gate = new();

    // Names in order, the latest version of each first.
    private volatile CountedModel[] _models = [];
    private bool _isDisposed;

    /// <inheritdoc/>
    public event Action? Changed;

    /// <summary>What is served, names in order, the latest version of each first. Only for looking at: without a lease a model may be disposed.</summary>
    public IReadOnlyList<IServedModel> Models => [.. _models.Select(static m => m.Model)];

    /// <summary>Serves a model from now on, in place of one with the same name and version. Takes it over.</summary>
    /// <exception cref="ObjectDisposedException">The registry was disposed; the model stays the caller's.</exception>
    public void Publish(IServedModel model)
    {
        CountedModel? replaced;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            replaced = Array.Find(_models, m => m.Model.Name == model.Name && m.Model.Version == model.Version);
            _models = [.. _models.Where(m => m != replaced).Append(new CountedModel(model))
                .OrderBy(static m => m.Model.Name, StringComparer.Ordinal).ThenByDescending(static m => m.Model.Version, VersionComparer.Order)];
        }

        Changed?.Invoke();
        replaced?.Release();
    }

    /// <summary>Opens the model to no one any more. It is disposed as soon as no one uses it.</summary>
    /// <returns>Whether it was served.</returns>
    public bool Retire(IServedModel model)
    {
        CountedModel? retired;
        lock (_gate)
        {
            retired = Array.Find(_models, m => m.Model == model);
            _models = [.. _models.Where(m => m != retired)];
        }

        Changed?.Invoke();
        retired?.Release();
        return retired is not null;
    }

    /// <inheritdoc/>
    public ModelLease Open(in ModelClaim claim)
    {
        while (true)
        {
            var found = Find(_models, claim);
            if (found.TryAddReference()) return new(found);
            // It was retired after the list was read, so the next list does not have it.
        }
    }

    /// <inheritdoc/>
    public bool IsReplaced(in ModelClaim claim, IServedModel model)
    {
        // Who asks for a description wants no more than that.
        if (claim.TakesAny) return false;
        var found = Named(_models, claim).FirstOrDefault(HasFingerprint(claim.Model))?.Model;
        return found is not null && found != model && found.Plan.Fingerprint == claim.Plan;
    }

    /// <summary>Retires every model.</summary>
    public void Dispose()
    {
        CountedModel[] retired;
        lock (_gate)
        {
            _isDisposed = true;
            (retired, _models) = (_models, []);
        }

        foreach (var model in retired) model.Release();
    }

    private CountedModel Find(CountedModel[] models, ModelClaim claim)
    {
        var (name, version, fingerprint) = (claim.Name, claim.Version, claim.Model);
        var named = Named(models, claim).ToList();
        if (named.Count == 0)
            throw new TailRefusedException(RefusalCode.UnknownModel, $"This server has no model '{name}'{(version.Length == 0 ? "" : $" version '{version}'")}. Check the name, or leave it out: the server then finds the model by its fingerprint.");
        if (claim.TakesAny)
            return named.TrueForAll(one => one.Model.Name == named[0].Model.Name) ? named[0]
                : throw new TailRefusedException(RefusalCode.UnknownModel, "This server has several models. A client without a copy of the model has to name the one that it wants.");
        var same = named.FirstOrDefault(HasFingerprint(fingerprint));
        if (same is null)
            throw name.Length == 0
                ? new TailRefusedException(RefusalCode.UnknownModel, $"This server has no model with fingerprint {fingerprint}. Put the client's file at <name>/<version>/model.onnx in the server's model directory.")
                : new TailRefusedException(RefusalCode.ModelMismatch, $"The server's '{name}' is another file: its fingerprint is {named[0].Model.Plan.Model}, the client's is {fingerprint}. Give both ends the same file.");
        return same.Model.Plan.Fingerprint == claim.Plan ? same : throw PlansDiffer(same.Model, claim);
    }

    private static IEnumerable<CountedModel> Named(CountedModel[] models, ModelClaim claim) =>
        models.Where(m => (claim.Name.Length == 0 || m.Model.Name == claim.Name) && (claim.Version.Length == 0 || m.Model.Version == claim.Version));

    private static Func<CountedModel, bool> HasFingerprint(Fingerprint fingerprint) => m => m.Model.Plan.Model == fingerprint;

    private TailRefusedException PlansDiffer(IServedModel served, ModelClaim claim)
    {
        var at = PlanSketch.FirstDifference(served.Plan, claim.Sketch.Span);
        var where = at is { } k ? $" They differ first at partition {k} of {served.Plan.Partitions.Length - 1}, which at the server {PlanSketch.Describe(served.Plan.Partitions[k])}." : "";
        return new(RefusalCode.PlanMismatch,
            $"The client's plan of '{served.Name}' is {claim.Plan}, the server's {served.Plan.Fingerprint}.{where} Run the same release of SplitInfer and of ONNX Runtime at both ends (the server has ONNX Runtime {engineVersion}), and name the same {nameof(PlanOptions.FedInitializers)}.")
        {
            DifferingPartition = at,
        };
    }
}
