using SplitInfer.IntegrationTests.EndToEnd;

namespace SplitInfer.IntegrationTests.Faults;

/// <summary>A server for all tests of a class.</summary>
public sealed class SharedDeployment : IAsyncLifetime
{
    internal Deployment Deployment { get; private set; } = null!;

    public async Task InitializeAsync() => Deployment = await FaultWorld.DeployAsync();

    public Task DisposeAsync() => Deployment.DisposeAsync().AsTask();
}
