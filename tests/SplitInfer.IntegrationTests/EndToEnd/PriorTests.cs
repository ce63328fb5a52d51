using SplitInfer.Policies;
using SplitInfer.Policies.Catalog;
using SplitInfer.Policies.Sharing;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.EndToEnd;

/// <summary>What one client has measured, and another one starts from.</summary>
public class PriorTests
{
    private static readonly byte[] Model = UNet.Build().ToBytes();

    [Fact]
    public async Task A_client_shares_what_it_has_measured_and_another_one_starts_from_it()
    {
        await using var deployment = await Deployment.StartAsync(Model);
        byte[] share;
        await using (var first = await deployment.ConnectAsync())
        {
            using var input = RandomTensor.Normal(new Random(1), first.Plan.Inputs[0].Type, first.Plan.Inputs[0].Shape.Dimensions);
            for (var request = 0; request < 10; request++) (await first.InferAsync(input)).Dispose();
            share = first.Share().ToBytes();
            await first.DisposeAsync();
            Assert.Throws<ObjectDisposedException>(first.Share);
        }

        Assert.InRange(KindPrior.FromShare(share).Quantities, 1, KindPrior.MaxQuantities);
        KindPrior? told = null;
        await using var second = await deployment.ConnectAsync(options =>
        {
            options.Prior = KindPrior.FromBytes(share);
            options.CustomPolicy = setup =>
            {
                told = setup.Prior;
                return PolicyCatalog.Create(PolicyNames.MuLinUcb, setup);
            };
        });
        Assert.Equal(share, told!.ToBytes());
    }

    [Fact]
    public async Task A_client_whose_policy_does_not_learn_has_nothing_to_share()
    {
        await using var deployment = await Deployment.StartAsync(Model);
        await using var client = await deployment.ConnectAsync(static options => options.Policy = PolicyNames.AllOnServer);
        Assert.Equal(0, client.Share().Quantities);
        await Assert.ThrowsAsync<ArgumentException>(async () => await deployment.ConnectAsync(static options => options.Prior = null!));
    }
}
