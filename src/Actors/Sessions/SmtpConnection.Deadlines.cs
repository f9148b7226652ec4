using MailCluster.Protocol.Replies;
using MailCluster.Protocol.Server;
using Microsoft.AspNetCore.Connections;

namespace MailCluster.Actors.Sessions;

// How long is waited, and what ends a session from outside.
public sealed partial class SmtpConnection
{
    /// <summary>How long the last replies may take to reach a client that reads slowly, or not at all.</summary>
    private static readonly TimeSpan s_farewell = TimeSpan.FromSeconds(10);

    private readonly long _idleTicks;
    private readonly long _transactionTicks;
    private long _deadline = long.MaxValue;
    private long _transactionDeadline = long.MaxValue;
    private bool _armed;
    private bool _lineBegun;
    private CancellationTokenSource? _waiting;
    private volatile Reply? _ending;
    private volatile bool _flushing;
    private volatile bool _over;

    /// <summary>True where the connection's time is up.</summary>
    internal bool IsDue(long now) => now >= Volatile.Read(ref _deadline);

    /// <summary>The connection's time is up: wakes it, or ends it where it is saying goodbye already.</summary>
    internal void OnDue()
    {
        if (_over)
        {
            _reception.Connections.Remove(this);
            _context.Abort(new ConnectionAbortedException("The client did not take our last replies."));
            return;
        }
        Interrupt();
        if (_flushing)
        {
            _output.CancelPendingFlush();
        }
        _waiting?.Cancel();
    }

    /// <summary>Wakes the connection where it waits for input, to look whether it should go on. May be called at any time from any thread.</summary>
    internal void Interrupt()
    {
        if (!_over)
        {
            _input.CancelPendingRead();
        }
    }

    /// <summary>From the actor: the session is to end, also within a transaction.</summary>
    private void End(Reply reply)
    {
        _ending ??= reply;
        Interrupt();
    }

    /// <summary>Why the session is to end now; null where it goes on.</summary>
    private Reply? Ending()
    {
        if (_ending is { } ending)
        {
            return ending;
        }
        if (IsExpired())
        {
            LogTimedOut();
            ArmFarewell();
            return Replies.TimedOut;
        }
        return _reception.IsDraining && !_session.State.HoldsContent ? Replies.NotAvailable : null;
    }

    private bool IsExpired() => IsDue(_reception.Time.GetTimestamp());

    /// <summary>The next octets must come within the idle timeout, and the transaction must end within its own.</summary>
    private void Arm() => Volatile.Write(ref _deadline, Math.Min(_reception.Time.GetTimestamp() + _idleTicks, _transactionDeadline));

    /// <summary>It is our turn: the client is not to blame for how long it takes.</summary>
    private void Disarm() => Volatile.Write(ref _deadline, long.MaxValue);

    /// <summary>A command is waited for. Armed once for it, and once more at its first octet: who sends it octet by octet gains nothing.</summary>
    private void Await()
    {
        if (!_armed)
        {
            _armed = true;
            if (_session.State.CurrentMail is null)
            {
                _transactionDeadline = long.MaxValue;
            }
            Arm();
        }
    }

    private void NoteLineBegun(bool hasInput)
    {
        if (hasInput && !_lineBegun)
        {
            _lineBegun = true;
            _armed = true;
            Arm();
        }
    }

    /// <summary>While we work, no time runs.</summary>
    private void NoteLineEnded()
    {
        (_armed, _lineBegun) = (false, false);
        Disarm();
    }

    private void ArmFarewell() => Volatile.Write(ref _deadline, _reception.Time.GetTimestamp() + (long)(s_farewell.TotalSeconds * _reception.Time.TimestampFrequency));

    private void BeginTransactionTime() => _transactionDeadline = _reception.Time.GetTimestamp() + _transactionTicks;

    /// <summary>Closes in order: nothing more is said. What was written is on its way: <see cref="LingerAsync"/>.</summary>
    private async ValueTask CloseAsync()
    {
        _over = true;
        _handle.Close();
        ArmFarewell();
        await _output.CompleteAsync().ConfigureAwait(false);
        _reception.Connections.EndServing();
        LogDisconnected();
    }

    /// <summary>Waits until what was written is sent and the connection is closed; a client that does not take it is cut off (<see cref="OnDue"/>).</summary>
    /// <remarks>Kestrel would wait for the sending, too, but without an end: that the connection is "closed" it says as soon as nothing more is received.</remarks>
    internal async ValueTask LingerAsync()
    {
        await _input.CompleteAsync().ConfigureAwait(false);
        await _context.DisposeAsync().ConfigureAwait(false);
        _reception.Connections.Remove(this);
    }
}
