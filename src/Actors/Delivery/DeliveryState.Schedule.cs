using MailCluster.Actors.Wire;

namespace MailCluster.Actors.Delivery;

/// <content>When: the back-off of a domain that is down, and the one probe at a time.</content>
internal sealed partial class DeliveryState
{
    /// <summary>Failures are forgotten so long after a probe could have been made and nobody had mail for one.</summary>
    private static readonly TimeSpan FailuresKept = TimeSpan.FromMinutes(10);

    private int _failures;
    private TimeSpan _downUntil;
    private NodeId? _prober;
    private TimeSpan _probeUntil;

    /// <summary>True while the domain is taken to be down.</summary>
    public bool IsDown => _failures > 0;

    /// <summary>How often in a row the domain could not be reached.</summary>
    public int Failures => _failures;

    /// <summary>For how long they count from now, while nobody has mail.</summary>
    public TimeSpan FailuresCount(TimeSpan now) => (_downUntil > now ? _downUntil - now : TimeSpan.Zero) + FailuresKept;

    /// <summary>What a predecessor had learned. How long it was still to wait is not known: one node may try at once, and if it fails the wait goes on where it was.</summary>
    public void Inherit(int failures, TimeSpan now, List<DeliveryEffect> effects)
    {
        var wasDown = IsDown;
        (_failures, _prober, _downUntil) = (Math.Max(0, failures), null, now);
        if (IsDown != wasDown)
        {
            TellAll(now, effects);
        }
    }

    private bool HoldsFailures(TimeSpan now) => IsDown && (_waiting > 0 || now < _downUntil + FailuresKept);

    private void CountOutcome(DeliveryProtocol.Report report, TimeSpan now, List<DeliveryEffect> effects)
    {
        var reporter = _reporters.Find(known => known.Node == report.Node);
        switch (report.Outcome)
        {
            case DeliveryProtocol.AttemptsOutcome.Reached when IsDown:
                (_failures, _prober) = (0, null);
                TellAll(now, effects, except: reporter);
                break;
            // While down, only the probe says something new: other attempts began before.
            case DeliveryProtocol.AttemptsOutcome.Unreachable when !IsDown || _prober == report.Node:
                _failures++;
                _prober = null;
                _downUntil = now + BackOff(_failures);
                if (_failures == 1)
                {
                    TellAll(now, effects, except: reporter);
                }

                break;
        }
    }

    /// <summary>As a message's own retries: the first wait, then so many times longer, up to the longest, varied.</summary>
    private TimeSpan BackOff(int failures)
    {
        var wait = retry.First * Math.Pow(retry.Factor, Math.Min(failures - 1, 100));
        wait = wait < retry.Max ? wait : retry.Max;
        return wait * (1 + (retry.Jitter * ((2 * random.NextDouble()) - 1)));
    }

    private DomainSchedule ScheduleFor(Reporter reporter, TimeSpan now)
    {
        if (!IsDown)
        {
            return new DomainSchedule.Open();
        }

        if (now < _downUntil)
        {
            return new DomainSchedule.Down(_downUntil - now);
        }

        if (_prober is { } prober && now < _probeUntil)
        {
            return prober == reporter.Node ? new DomainSchedule.Probe() : new DomainSchedule.Down(_probeUntil - now);
        }

        if (reporter.Waiting == 0)
        {
            return new DomainSchedule.Down(ProbeTime);      // Nothing there to try with.
        }

        _prober = reporter.Node;
        _probeUntil = now + ProbeTime;
        return new DomainSchedule.Probe();
    }
}
