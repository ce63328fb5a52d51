using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Segments;
using SplitInfer.Server.Batching;
using SplitInfer.Server.Quality;

namespace SplitInfer.Server.Models;

/// <summary>What a repository needs of the server's options, which say what each means.</summary>
/// <param name="Directory">Holds <c>&lt;name&gt;/&lt;version&gt;/model.onnx</c>.</param>
/// <param name="PreloadArms">Whether the tails of all arms are loaded at once.</param>
/// <param name="ProfileTails">Whether the tails of all arms are measured at once.</param>
/// <param name="Segments">Keeps the loaded tails of all models.</param>
/// <param name="Plan">How plans are made.</param>
/// <param name="Execution">How tails run.</param>
/// <param name="Time">The clock.</param>
/// <param name="Quality">Decides for requests that allow exits; null where exits are not used.</param>
/// <param name="Trial">Tries models before they are planned; null where that is not needed.</param>
/// <param name="MaxConcurrentTrials">How many are tried at a time.</param>
/// <param name="Batches">How requests run together; null where each runs alone.</param>
internal sealed record ModelRepositorySettings(string Directory, bool PreloadArms, bool ProfileTails, SegmentResidency Segments, PlanOptions Plan, ExecutionOptions Execution, TimeProvider Time,
    QualityNode? Quality = null, IModelTrial? Trial = null, int MaxConcurrentTrials = 1, BatchTerms? Batches = null);
