using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using SplitInfer.Client.Arms;
using SplitInfer.Execution;
using SplitInfer.Policies;

namespace SplitInfer.Client.State;

/// <summary>
/// Loads and saves head delays and policy state. An unusable file causes a warning and a cold start, never an error. Not thread-safe, apart
/// from <see cref="Heads"/>, <see cref="Warnings"/> and <see cref="SaveExperience()"/>.
/// </summary>
/// <param name="folder">Folder in which state is kept; null keeps none.</param>
/// <param name="arms">What the policy chooses among: state of other arms is not taken over.</param>
/// <param name="execution">Tells devices apart.</param>
/// <param name="servers">Names of the servers.</param>
internal sealed class LearnedState(string? folder, ArmCatalog arms, ExecutionOptions execution, IEnumerable<string> servers)
{
    private const uint HeadsVersion = 1;

    private static readonly Fingerprint ExperienceKey = KeyOf("experience");

    /// <summary>Digits of a fingerprint in the name of a file; the file holds all of them.</summary>
    private const int NameDigits = 16;

    private static readonly string[] FormerExtensions = ["heads", PolicyNames.MuLinUcb];

    private readonly List<string> _warnings = [];
    private readonly Lock _saving = new();
    private readonly Fingerprint _device = DeviceFingerprint.Of(execution);
    private readonly string _servers = string.Join('\n', servers);
    private readonly Fingerprint _model = ModelOf(arms.Variants);
    private IPartitionPolicy? _policy;
    private IPolicyState? _experience;

    /// <summary>Delays of the heads.</summary>
    public HeadProfileUpdater Heads { get; } = new(new HeadProfile([.. arms.Variants.Select(static variant => ImmutableArray.CreateRange(variant.Plan.Partitions, static p => (double)p.Head.Macs))]));

    /// <summary>What the client could do without, for people.</summary>
    public IReadOnlyList<string> Warnings { get { lock (_warnings) return [.. _warnings]; } }

    private HeadProfile Profile => Heads.Profile;

    private string FilePath => Path.Combine(folder!, $"{Name}.state");

    private IEnumerable<(int Variant, int Partition)> Rows =>
        Enumerable.Range(0, Profile.Variants).SelectMany(variant => Enumerable.Range(0, Profile.CountOf(variant)).Select(partition => (variant, partition)));

    private string Name => $"{_model.ToString()[..NameDigits]}.{_device.ToString()[..NameDigits]}";

    /// <summary>Takes note of what the client can do without.</summary>
    public void Warn(string warning)
    {
        lock (_warnings)
            if (!_warnings.Contains(warning)) _warnings.Add(warning);
    }

    /// <summary>Takes over what earlier runs left, and has <see cref="Save"/> leave what this one learns.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="experience">What ratings taught; null where nobody rates.</param>
    public void Load(IPartitionPolicy policy, IPolicyState? experience = null)
    {
        (_policy, _experience) = (policy, experience);
        if (folder is null) return;
        if (experience is not null) LoadExperience(experience);
        Try(() =>
        {
            WarnOfFormerFiles();
            foreach (var section in StateFile.Read(FilePath, _model, _device))
            {
                if (section.Kind == StateKind.Heads && section.Version == HeadsVersion && section.Key == KeyOf("heads")) RestoreHeads(section.Numbers);
                if (section.Kind == StateKind.Policy && policy.State is { } state && section.Version == state.Version && section.Key == KeyOf(policy))
                    state.Restore(new(section.Numbers.AsMemory()));
            }
        });
    }

    // Of features and not of variants, so that it holds for any family: a file of its own.
    private string ExperiencePath => Path.Combine(folder!, $"experience.{_device.ToString()[..NameDigits]}.state");

    private void LoadExperience(IPolicyState experience) => Try(() =>
    {
        foreach (var section in StateFile.Read(ExperiencePath, ExperienceKey, _device))
            if (section.Kind == StateKind.Experience && section.Version == experience.Version && section.Key == ExperienceKey) experience.Restore(new(section.Numbers.AsMemory()));
    });

    /// <summary>Leaves what ratings taught to later runs, also while the client runs. Returns whether it could be written.</summary>
    public bool SaveExperience() => folder is not null && _experience is { } experience && Try(() =>
    {
        lock (_saving)
        {
            Directory.CreateDirectory(folder);
            var writer = new PolicyStateWriter();
            experience.Save(writer);
            StateFile.Write(ExperiencePath, ExperienceKey, _device, [new(StateKind.Experience, (uint)experience.Version, ExperienceKey, [.. writer.Numbers])]);
        }
    });

    /// <summary>Leaves what is known to later runs.</summary>
    public void Save()
    {
        if (folder is null || _policy is not { } policy) return;
        SaveExperience();
        Try(() =>
        {
            Directory.CreateDirectory(folder);
            StateSection[] sections = [new(StateKind.Heads, HeadsVersion, KeyOf("heads"), [.. Rows.Select(row => Profile.IsMeasured(row.Variant, row.Partition) ? Profile.SecondsOf(row.Variant, row.Partition) : double.NaN)])];
            if (policy.State is { } state)
            {
                var writer = new PolicyStateWriter();
                state.Save(writer);
                sections = [.. sections, new(StateKind.Policy, (uint)state.Version, KeyOf(policy), [.. writer.Numbers])];
            }

            StateFile.Write(FilePath, _model, _device, sections);
        });
    }

    // What was learned of a family is of no use to another one that shares a variant with it.
    private static Fingerprint ModelOf(ImmutableArray<PlannedArmVariant> variants) => variants.Length == 1 ? variants[0].Plan.Model : KeyOf(string.Join('\n', variants.Select(static variant => variant.Plan.Model)));

    private void RestoreHeads(ImmutableArray<double> seconds)
    {
        if (seconds.Length != Rows.Count() || seconds.Any(static s => s < 0 || double.IsInfinity(s)))
            throw new StateFileException("The saved delays of the heads do not fit the model. They are measured anew.");
        foreach (var (row, delay) in Rows.Zip(seconds))
            if (!double.IsNaN(delay)) Profile.Record(row.Variant, row.Partition, delay);
    }

    private void WarnOfFormerFiles()
    {
        if (!Directory.Exists(folder)) return;
        var former = FormerExtensions.SelectMany(extension => Directory.EnumerateFiles(folder!, $"{_model.ToString()[..NameDigits]}.*.{extension}")).FirstOrDefault();
        if (former is not null && !File.Exists(FilePath))
            Warn($"State of an earlier release, such as '{former}', is not read: its format has changed. Delete it; what it held is learned again.");
    }

    private Fingerprint KeyOf(IPartitionPolicy policy)
    {
        var text = new StringBuilder(policy.Name).Append('\n').Append(_servers).Append('\n');
        foreach (var description in arms.Descriptions)
        {
            var arm = description.Arm;
            text.Append(arm.Variant).Append(' ').Append(arm.Cut).Append(' ').Append(arms.CodecNames[arm.Codec]).Append(' ').Append(arm.Exit).Append(' ').Append(arm.Server);
            // How often an exit answers is learned; what it answers is another matter in another file.
            if (arms.ExitOf(arm) is { } exit) text.Append(' ').Append(exit.Quality.ToString("R", CultureInfo.InvariantCulture));
            text.Append('\n');
        }

        return KeyOf(text.ToString());
    }

    private static Fingerprint KeyOf(string text) => new(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private bool Try(Action action)
    {
        try
        {
            action();
            return true;
        }
        catch (Exception error) when (error is SplitInferException or PolicyStateException or IOException or UnauthorizedAccessException)
        {
            Warn(error.Message);
            return false;
        }
    }
}
