using System.Collections.Frozen;
using SplitInfer.Models;
using SplitInfer.Tensors;

namespace SplitInfer.Partitioning;

/// <summary>
/// How a plan is made, and which cuts an application excludes. Excluded cuts are marked as inadmissible in the plan; the values, their
/// order and the plan's fingerprint stay the same, so client and server may have different options.
/// </summary>
public sealed class PlanOptions
{
    /// <summary>The most values inside the model that may cross a cut; its inputs and outputs, such as the caches of a decoder, do not count. 16 unless set.</summary>
    public int MaxBoundaryTensors { get; set; } = 16;

    /// <summary>
    /// The least number of compute nodes on the device; 0 unless set. If it is 1 or more, cuts that an input of the model crosses
    /// unchanged are inadmissible as well, so that raw input never leaves the device.
    /// </summary>
    public int MinDepth { get; set; }

    /// <summary>The most bytes of a boundary, uncompressed, for the sizes that the plan was made with; null (the default) sets no bound.</summary>
    public long? MaxUploadBytes { get; set; }

    /// <summary>
    /// Sizes to make the plan with, for symbolic dimensions of the model's inputs: by the symbol, or by <c>input#axis</c> where the axis has
    /// no name. Other sizes are guessed. Sizes affect the estimated costs of cuts only; requests may have any size.
    /// </summary>
    public IReadOnlyDictionary<string, long> DimensionSizes { get; set; } = new Dictionary<string, long>();

    /// <summary>
    /// Inputs to make the plan with, by name; those not given are synthetic. Give them if a model only runs on realistic values. They affect
    /// the estimated costs of cuts only, not the values that cross them, so client and server may use different ones. The caller keeps ownership of the tensors.
    /// </summary>
    public IReadOnlyDictionary<string, TensorValue> SampleInputs { get; set; } = new Dictionary<string, TensorValue>();

    /// <summary>
    /// Names of initializers that requests may replace; the file must list them as inputs as well. They become inputs like any other, and a request
    /// by name that omits one uses the value in the file. Client and server must name the same initializers. None unless set.
    /// </summary>
    public IReadOnlySet<string> FedInitializers { get; set; } = FrozenSet<string>.Empty;

    /// <summary>The time limit for running the model once to measure sizes that the file does not fix. 20 seconds unless set.</summary>
    public TimeSpan MaxMeasureTime { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// The most bytes by which the process may grow while the model runs on synthetic inputs. If the known sizes need more, the model is not run;
    /// if the process grows by more, the run is stopped at the next node. The memory of a single node is not limited: run a server with untrusted
    /// models in a container. Unless set, 4 GiB, or half the memory of the machine or container if that is less.
    /// </summary>
    public long MaxMeasureBytes { get; set; } = Math.Min(4L << 30, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2);

    /// <summary>How large the model file may be.</summary>
    public ModelLimits Limits { get; set; } = ModelLimits.Default;

    /// <summary>Checks that the options are valid.</summary>
    /// <exception cref="ArgumentException">They are not; the message names the option and the reason.</exception>
    public void Validate()
    {
        if (MaxBoundaryTensors < 0) throw new ArgumentException($"{nameof(MaxBoundaryTensors)} is {MaxBoundaryTensors}; it can be 0 or more.");
        if (MinDepth < 0) throw new ArgumentException($"{nameof(MinDepth)} is {MinDepth}; it can be 0 or more.");
        if (MaxUploadBytes < 0) throw new ArgumentException($"{nameof(MaxUploadBytes)} is {MaxUploadBytes}; it can be 0 or more, or null for no bound.");
        if (MaxMeasureTime <= TimeSpan.Zero) throw new ArgumentException($"{nameof(MaxMeasureTime)} is {MaxMeasureTime}; it must be positive.");
        if (MaxMeasureBytes <= 0) throw new ArgumentException($"{nameof(MaxMeasureBytes)} is {MaxMeasureBytes}; it must be positive.");
        if (DimensionSizes.FirstOrDefault(static size => size.Value < 0) is { Key: not null } wrong)
            throw new ArgumentException($"{nameof(DimensionSizes)} has {wrong.Value} for '{wrong.Key}'; a size can be 0 or more.");
    }

    /// <summary>The same options for one of several models: without the sizes of dimensions that it has not, and the initializers that it does not let callers feed.</summary>
    /// <param name="model">The model.</param>
    public PlanOptions For(OnnxModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        var copy = (PlanOptions)MemberwiseClone();
        copy.FedInitializers = FedInitializers.Where(model.FedableInitializers.Contains).ToFrozenSet(StringComparer.Ordinal);
        var symbols = ModelGraph.Of(model, copy.FedInitializers).Inputs.SelectMany(static input => (input.Type?.TensorType?.Shape?.Dim ?? []).Select((dimension, axis) => dimension.DimParam.Length > 0 ? dimension.DimParam : $"{input.Name}#{axis}"));
        copy.DimensionSizes = DimensionSizes.IntersectBy(symbols, static size => size.Key).ToDictionary(StringComparer.Ordinal);
        return copy;
    }

    /// <summary>The same options with samples for inputs that have none.</summary>
    internal PlanOptions WithSamples(IReadOnlyDictionary<string, TensorValue> samples)
    {
        if (samples.Count == 0) return this;
        var copy = (PlanOptions)MemberwiseClone();
        copy.SampleInputs = samples.Concat(SampleInputs).GroupBy(static s => s.Key, StringComparer.Ordinal).ToDictionary(static g => g.Key, static g => g.Last().Value, StringComparer.Ordinal);
        return copy;
    }
}
