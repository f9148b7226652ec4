namespace MailCluster.Actors.Sites;

/// <summary>
/// The outbound connections of this node, given out to the pools of its sites, so that a hundred thousand sites with due mail do not open a socket each at once. A pool takes before it opens a
/// connection and gives back when the socket is closed; one that gets nothing stands in line and is told when a connection is kept for it. Invariants: no more are taken than there are; those
/// who have less than an equal share are served first, in the order in which they came; none of those waits while a connection is free.
/// </summary>
/// <remarks>Safe from any thread: the pools share it without messages, since the usual case is that there is enough. The limit is of this node, against sockets and memory; what a provider is
/// spared is the lease's to say.</remarks>
public sealed class ConnectionBudget
{
    /// <summary>So many holders are looked at for the one that is asked to make room.</summary>
    private const int LookedAt = 8;

    private readonly int _limit;
    /// <summary>Kept for those with less than their share while others want more than theirs.</summary>
    private readonly int _margin;
    private readonly Lock _gate = new();
    private readonly Dictionary<SiteKey, Account> _accounts = [];
    private readonly LinkedList<Account> _belowShare = new();
    private readonly LinkedList<Account> _aboveShare = new();
    private readonly LinkedList<Account> _holders = new();
    private int _free;
    private int _kept;
    private volatile bool _isShort;

    /// <param name="limit">Connections of the node at a time, at least 1.</param>
    public ConnectionBudget(int limit)
    {
        _free = _limit = limit;
        _margin = limit / 8;
    }

    /// <summary>Whom news of the budget reaches: <see cref="SitePoolProtocol.Room"/> and <see cref="SitePoolProtocol.MakeRoom"/>. Called under the lock: it may only post.</summary>
    public Action<SitePoolProtocol.IForPool>? Listener { get; set; }

    /// <summary>True while a site with less than its share waits: then nobody keeps a connection without work.</summary>
    public bool IsShort => _isShort;

    /// <summary>Connections that are neither taken nor kept for somebody.</summary>
    public int Free
    {
        get
        {
            lock (_gate)
            {
                return _free - _kept;
            }
        }
    }

    /// <summary>The connections that each of the sites that have or want some would have if all had the same, at least 1.</summary>
    public int Share
    {
        get
        {
            lock (_gate)
            {
                return ShareNow;
            }
        }
    }

    private int ShareNow => Math.Max(1, _limit / Math.Max(1, _accounts.Count));

    /// <summary>Takes a connection for a site. False where there is none to be had: the site then stands in line, once, and is told <see cref="SitePoolProtocol.Room"/> when its turn comes.</summary>
    public bool TryTake(SiteKey site)
    {
        lock (_gate)
        {
            if (!_accounts.TryGetValue(site, out var account))
            {
                _accounts.Add(site, account = new(site));
            }
            var isBelowShare = account.Held < ShareNow;
            if (account.IsKept)
            {
                account.IsKept = false;
                _kept--;
            }
            else if (_free - _kept <= (isBelowShare ? 0 : _margin))
            {
                StandInLine(account, isBelowShare ? _belowShare : _aboveShare);
                return false;
            }
            LeaveLine(account);
            account.ComesFirst = false;
            _free--;
            if (account.Held++ == 0)
            {
                _holders.AddLast(account.AsHolder);
            }
            return true;
        }
    }

    /// <summary>A connection of a site is closed.</summary>
    public void Return(SiteKey site)
    {
        lock (_gate)
        {
            if (!_accounts.TryGetValue(site, out var account) || account.Held == 0)
            {
                return;
            }
            _free++;
            if (--account.Held == 0)
            {
                _holders.Remove(account.AsHolder);
            }
            if (account.Line.List == _aboveShare && account.Held < ShareNow)
            {
                LeaveLine(account);
                StandInLine(account, _belowShare);
            }
            RemoveIfDone(account);
            Offer();
        }
    }

    /// <summary>What is kept for a site is not wanted any more: the next one has it.</summary>
    public void Decline(SiteKey site)
    {
        lock (_gate)
        {
            if (_accounts.TryGetValue(site, out var account) && account.IsKept)
            {
                account.IsKept = false;
                _kept--;
                RemoveIfDone(account);
                Offer();
            }
        }
    }

    /// <summary>What is kept for a site is of no use yet, for it has no lease: the next one has it. When the site wants one again, with a lease, it stands in front: both may be scarce, and it
    /// would else hardly ever have both at a time.</summary>
    public void Yield(SiteKey site)
    {
        lock (_gate)
        {
            if (_accounts.TryGetValue(site, out var account) && account.IsKept)
            {
                account.IsKept = false;
                account.ComesFirst = true;
                _kept--;
                Offer();
            }
        }
    }

    /// <summary>A site's pool has ended, and its connections with it.</summary>
    public void Forget(SiteKey site)
    {
        lock (_gate)
        {
            if (!_accounts.Remove(site, out var account))
            {
                return;
            }
            LeaveLine(account);
            if (account.Held > 0)
            {
                _holders.Remove(account.AsHolder);
            }
            _free += account.Held;
            _kept -= account.IsKept ? 1 : 0;
            Offer();
        }
    }

    private void StandInLine(Account account, LinkedList<Account> line)
    {
        if (account.Line.List is null)
        {
            if (account.ComesFirst)
            {
                line.AddFirst(account.Line);
            }
            else
            {
                line.AddLast(account.Line);
            }
            _isShort = _belowShare.Count > 0;
            if (line == _belowShare)
            {
                AskForRoom();
            }
        }
    }

    private void LeaveLine(Account account)
    {
        account.Line.List?.Remove(account.Line);
        _isShort = _belowShare.Count > 0;
    }

    private void RemoveIfDone(Account account)
    {
        if (account is { Held: 0, IsKept: false, ComesFirst: false, Line.List: null })
        {
            _accounts.Remove(account.Site);
        }
    }

    /// <summary>Keeps what is free for those whose turn it is.</summary>
    private void Offer()
    {
        while (_free > _kept && (_belowShare.First ?? _aboveShare.First) is { } next)
        {
            if (_free - _kept <= _margin && next.Value.Held >= ShareNow)
            {
                return;
            }
            LeaveLine(next.Value);
            next.Value.IsKept = true;
            _kept++;
            Listener?.Invoke(new SitePoolProtocol.Room(next.Value.Site));
        }
    }

    /// <summary>For one that waits, one holder is asked to close what it can spare: of the next few in turn, the one that holds most.</summary>
    private void AskForRoom()
    {
        Account? most = null;
        for (var i = Math.Min(LookedAt, _holders.Count); i > 0; i--)
        {
            var holder = _holders.First!;
            _holders.RemoveFirst();
            _holders.AddLast(holder);
            most = most is null || holder.Value.Held > most.Held ? holder.Value : most;
        }
        if (most is not null)
        {
            Listener?.Invoke(new SitePoolProtocol.MakeRoom(most.Site));
        }
    }

    /// <summary>What a site has and wants. It exists while there is something to remember.</summary>
    private sealed class Account
    {
        public Account(SiteKey site)
        {
            Site = site;
            Line = new(this);
            AsHolder = new(this);
        }

        public SiteKey Site { get; }

        /// <summary>Its place in the line it stands in.</summary>
        public LinkedListNode<Account> Line { get; }

        /// <summary>Its place among those that hold some.</summary>
        public LinkedListNode<Account> AsHolder { get; }

        public int Held;

        /// <summary>One is kept for it until it takes or declines it.</summary>
        public bool IsKept;

        /// <summary>It has had its turn without being able to use it.</summary>
        public bool ComesFirst;
    }
}
