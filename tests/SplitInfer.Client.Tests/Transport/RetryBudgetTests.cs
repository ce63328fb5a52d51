using SplitInfer.Client.Transport;

namespace SplitInfer.Client.Tests.Transport;

public class RetryBudgetTests
{
    [Fact]
    public void A_few_retries_are_free_and_ten_answers_earn_another()
    {
        var budget = new RetryBudget();
        Assert.Equal(3, Spend(budget));
        for (var answer = 0; answer < 9; answer++) budget.Earn();
        Assert.False(budget.TrySpend());
        budget.Earn();
        Assert.Equal(1, Spend(budget));
    }

    [Fact]
    public void What_is_saved_up_is_bounded()
    {
        var budget = new RetryBudget();
        for (var answer = 0; answer < 10_000; answer++) budget.Earn();
        Assert.Equal(10, Spend(budget));
    }

    private static int Spend(RetryBudget budget)
    {
        var spent = 0;
        while (budget.TrySpend()) spent++;
        return spent;
    }
}
