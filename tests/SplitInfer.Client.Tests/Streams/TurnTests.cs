using SplitInfer.Client.Device;
using SplitInfer.Client.Servers;

namespace SplitInfer.Client.Tests.Streams;

/// <summary>Turns on the device and on the way to a server.</summary>
public class TurnTests
{
    [Fact]
    public async Task The_lowest_number_comes_first_and_who_gives_up_is_passed_over()
    {
        var gate = new DeviceGate();
        using var stop = new CancellationTokenSource();
        Assert.True(gate.EnterAsync(7, default).AsTask().IsCompletedSuccessfully);
        var (later, given, earlier) = (gate.EnterAsync(9, default).AsTask(), gate.EnterAsync(1, stop.Token).AsTask(), gate.EnterAsync(3, default).AsTask());
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
        gate.Leave();
        await earlier.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.False(later.IsCompleted);
        gate.Leave();
        await later.WaitAsync(TimeSpan.FromSeconds(60));
        gate.Leave();
        Assert.True(gate.EnterAsync(1, default).AsTask().IsCompletedSuccessfully);
    }

    [Fact]
    public void Turns_come_in_their_order_also_where_one_is_given_up_before_it_came()
    {
        var order = new SendOrder();
        var (first, second, third) = (order.Ask(), order.Ask(), order.Ask());
        Assert.Equal([true, false, false], Came());
        second.Pass();
        Assert.Equal([true, false, false], Came());
        first.Pass();
        first.Pass();
        Assert.Equal([true, false, true], Came());
        third.Pass();
        Assert.True(order.Ask().Came.IsCompleted);

        bool[] Came() => [first.Came.IsCompleted, second.Came.IsCompleted, third.Came.IsCompleted];
    }
}
