using Xunit;

namespace MailCluster.Tests.Support;

/// <summary>Waits for a condition that another process brings about.</summary>
public static class Eventually
{
    /// <summary>Returns when the condition holds; fails with what was awaited when it does not in time.</summary>
    public static async Task HoldsAsync(Func<bool> condition, string what, TimeSpan? within = null, Func<string>? otherwise = null)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        var end = DateTime.UtcNow + (within ?? TimeSpan.FromSeconds(30));
        while (!condition())
        {
            if (DateTime.UtcNow > end)
            {
                Assert.Fail($"In time there should have been: {what}. {otherwise?.Invoke()}");
            }
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }

    /// <summary>As above, for a condition that has to be asked for.</summary>
    public static async Task HoldsAsync(Func<Task<bool>> condition, string what, TimeSpan? within = null, Func<string>? otherwise = null)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        var end = DateTime.UtcNow + (within ?? TimeSpan.FromSeconds(30));
        while (!await condition())
        {
            if (DateTime.UtcNow > end)
            {
                Assert.Fail($"In time there should have been: {what}. {otherwise?.Invoke()}");
            }
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }
}
