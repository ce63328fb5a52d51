using SplitInfer.Protocol.Endpoints;
using SplitInfer.Tensors;

namespace SplitInfer.Server.Tests;

public class SplitInferServerOptionsTests
{
    private static readonly Dictionary<string, Action<SplitInferServerOptions>> Wrong = new()
    {
        ["MaxConnections"] = static o => o.Limits.MaxConnections = 0,
        ["MaxInFlightPerConnection"] = static o => o.Limits.MaxInFlightPerConnection = -1,
        ["MaxOpenModelsPerConnection"] = static o => o.Limits.MaxOpenModelsPerConnection = 0,
        ["Limits.Sizes is null"] = static o => o.Limits.Sizes = null!,
        ["Sizes.MaxDimension"] = static o => o.Limits.Sizes = new SizeLimits { MaxDimension = 0 },
        ["Sizes.MaxBytes"] = static o => o.Limits.Sizes = new SizeLimits { MaxBytes = -5 },
        ["MaxHeldBytes"] = static o => o.Limits.MaxHeldBytes = 0,
        ["MaxHeldBytesPerMachine"] = static o => o.Limits.MaxHeldBytesPerMachine = 0,
        ["MaxHeldBytesPerConnection"] = static o => o.Limits.MaxHeldBytesPerConnection = -1,
        ["MaxConnectionsPerMachine"] = static o => o.Limits.MaxConnectionsPerMachine = 0,
        ["MaxConcurrentRuns"] = static o => o.Limits.MaxConcurrentRuns = 0,
        ["MaxRunMemoryBytes"] = static o => o.Limits.MaxRunMemoryBytes = 0,
        ["MaxRunMemoryBytes is 4294967296"] = static o => o.Limits.MaxRunMemoryBytes = 1L << 32,
        ["MaxQueuedRuns"] = static o => o.Limits.MaxQueuedRuns = -1,
        ["HandshakeTimeout"] = static o => o.Limits.HandshakeTimeout = TimeSpan.Zero,
        ["StallTimeout"] = static o => o.Limits.StallTimeout = TimeSpan.MaxValue,
        ["ModelPollInterval"] = static o => o.ModelPollInterval = TimeSpan.Zero,
        ["SegmentMemoryBytes"] = static o => o.SegmentMemoryBytes = -1,
        ["MaxBatch is 0; it can be from 1"] = static o => o.MaxBatch = 0,
        ["MaxBatch is 257"] = static o => o.MaxBatch = 257,
        ["BatchWithin is -"] = static o => o.BatchWithin = TimeSpan.FromMilliseconds(-1),
        ["BatchWithin is 00:00:11; it can be from 0 to 10 s."] = static o => o.BatchWithin = TimeSpan.FromSeconds(11),
        ["Models has an entry"] = static o => o.Models.Add(null!),
        ["Models has an entry without"] = static o => o.Models.Add(new("name", "1", null!)),
        ["a name, a version or a model"] = static o => o.Models.Add(new("", "1", null!)),
        ["ModelsDirectory is null"] = static o => o.ModelsDirectory = null!,
        ["KnownCodecs"] = static o => o.KnownCodecs = null!,
        ["MinDepth is -1"] = static o => o.Plan.MinDepth = -1,
        ["StallTimeout is 00:00:00"] = static o => o.Limits.StallTimeout = TimeSpan.Zero,
        ["HandshakeTimeout is -"] = static o => o.Limits.HandshakeTimeout = TimeSpan.FromSeconds(-1),
        ["Listen"] = static o => o.Listen.Add(null!),
        ["Listen has an address that cannot be used: 'banana' is not a whole address"] = static o => o.Listen.Add(new("banana", UriKind.Relative)),
        ["Listen has an address that cannot be used: 'http://127.0.0.1/' has the unknown scheme"] = static o => o.Listen.Add(new("http://127.0.0.1")),
        ["Limits.MaxConnections is -3; it must be 1 or more."] = static o => o.Limits.MaxConnections = -3,
        ["Plan"] = static o => o.Plan = null!,
        ["Execution"] = static o => o.Execution = null!,
        ["Limits is null"] = static o => o.Limits = null!,
        ["MinDepth"] = static o => o.Plan.MinDepth = -1,
    };

    public static TheoryData<string> Names => [.. Wrong.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_server_that_is_set_wrongly_does_not_start_and_says_which_option_it_is(string name)
    {
        var options = new SplitInferServerOptions { ModelsDirectory = "none" };
        Wrong[name](options);
        var error = await Assert.ThrowsAsync<ArgumentException>(async () => await SplitInferServer.StartAsync(options));
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_that_cannot_be_used_are_told_before_models_are_read()
    {
        var options = new SplitInferServerOptions { ModelsDirectory = "none", Security = { KeysFile = "no-keys" } };
        var error = await Assert.ThrowsAsync<SecurityFileException>(async () => await SplitInferServer.StartAsync(options));
        Assert.Contains("no-keys", error.Message, StringComparison.Ordinal);
        options.Security = new() { CertificateFile = "no.crt", CertificateKeyFile = "no.key" };
        Assert.Contains("no.crt", Assert.Throws<SecurityFileException>(options.Security.ValidateFiles).Message, StringComparison.Ordinal);
        options.Security = new() { ClientCaFile = "no-ca.pem" };
        Assert.Contains("no-ca.pem", Assert.Throws<SecurityFileException>(options.Security.ValidateFiles).Message, StringComparison.Ordinal);
        new ServerSecurityOptions().ValidateFiles();
    }

    [Fact]
    public void The_defaults_are_valid() => new SplitInferServerOptions().Validate();

    [Fact]
    public void What_clients_can_make_it_take_is_the_sum_of_its_limits()
    {
        const long MiB = 1 << 20;
        var options = new SplitInferServerOptions
        {
            SegmentMemoryBytes = 3 * MiB,
            MaxBatch = 1,
            Limits = { MaxHeldBytes = 5 * MiB, MaxRunMemoryBytes = 7 * MiB, MaxConcurrentRuns = 2, MaxOutputBytes = 11 * MiB, MaxConnections = 13 },
        };
        Assert.Equal((3 + (2 * 5) + 7 + (2 * 11) + 256 + (2 * 13)) * MiB, options.ClientMemoryBound);
        options.MaxBatch = 2;
        Assert.Equal((3 + (2 * 5) + 7 + (2 * 11) + 256 + (2 * 13) + (2 * 3 * 32)) * MiB, options.ClientMemoryBound);
        options.Limits.MaxRunMemoryBytes = null;
        Assert.Null(options.ClientMemoryBound);
        options.Limits.MaxRunMemoryBytes = 1L << 32;
        Assert.Null(options.ClientMemoryBound);
    }
}
