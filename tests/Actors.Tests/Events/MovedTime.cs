namespace MailCluster.Actors.Tests.Events;

/// <summary>A clock that stands until it is moved.</summary>
internal sealed class MovedTime(DateTimeOffset now) : TimeProvider
{
    private readonly Lock _lock = new();

    public DateTimeOffset Now
    {
        get
        {
            lock (_lock)
            {
                return field;
            }
        }
        set
        {
            lock (_lock)
            {
                field = value;
            }
        }
    } = now;

    public override DateTimeOffset GetUtcNow() => Now;
}
