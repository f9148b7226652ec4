namespace MailCluster.Actors.Sites;

/// <content>When the lease is asked for: at most so many questions of a node without an answer, and none for a lease that the node has no connection for.</content>
internal sealed partial class SitePoolState
{
    /// <summary>A connection is kept for a pool so long while it asks for the lease that it has given back.</summary>
    private static readonly TimeSpan RoomKept = TimeSpan.FromSeconds(1);

    /// <summary>After so many repeats a question gives up its place to one that waits in line.</summary>
    private const int RepeatsInPlace = 3;

    /// <summary>Since when the pool stands in the budget's line.</summary>
    private Moment _waitsSince;
    /// <summary>True while one of the node's connections is kept for the pool and the lease for it has been asked for.</summary>
    private bool _keepsRoom;
    private Moment _keptSince;
    /// <summary>True while the pool has one of the places for questions.</summary>
    private bool _hasPlace;
    /// <summary>Repeats of the question before it had this place.</summary>
    private int _repeatsBefore;
    /// <summary>True while it stands in line for one.</summary>
    private bool _standsInLine;

    /// <summary>There is a place for the question.</summary>
    public void MayAsk(Moment now, SitePoolEffects effects)
    {
        if (_standsInLine)
        {
            (_standsInLine, _hasPlace) = (false, true);
            _repeatsBefore = _lease.Repeats;
        }
        Evaluate(now, effects);
        if (!_standsInLine && !_hasPlace)
        {
            questions.End(site);        // it came too late
        }
    }

    private void Ask(Moment now, SitePoolEffects effects)
    {
        var demand = Demand(now);
        if (demand == 0 || _standsInLine && _lease.Allowed(now) > 0 || _hasPlace && !_lease.IsAsking && !_lease.WouldAsk(now, _connections.Count, demand))
        {
            LeavePlace();       // answered, or not wanted any more
        }
        else if (_lease.Allowed(now) == 0 && _lease.WouldAsk(now, _connections.Count, demand) && !TakePlace())
        {
            return;
        }
        if (_lease.Poll(now, _connections.Count, demand) is { } request)
        {
            effects.Requests.Add(request);
        }
    }

    private bool TakePlace()
    {
        if (_hasPlace && _lease.Repeats - _repeatsBefore >= RepeatsInPlace && questions.IsShort)
        {
            LeavePlace();
        }
        if (!_hasPlace && !_standsInLine)
        {
            _hasPlace = questions.TryBegin(site);
            _standsInLine = !_hasPlace;
            _repeatsBefore = _lease.Repeats;
        }
        return _hasPlace;
    }

    private void LeavePlace()
    {
        if (_hasPlace || _standsInLine)
        {
            (_hasPlace, _standsInLine) = (false, false);
            questions.End(site);
        }
    }

    /// <summary>The lease for the kept connection does not come: others have it meanwhile.</summary>
    private void LetRoomGo(Moment now)
    {
        if (_keepsRoom && (_lease.Held is not null || now.Since(_keptSince) >= RoomKept || _ready + _stillDue == 0))
        {
            _keepsRoom = false;
            budget.Yield(site);
        }
    }
}
