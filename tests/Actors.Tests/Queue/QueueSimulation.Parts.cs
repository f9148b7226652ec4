using System.Collections.Immutable;
using MailCluster.Actors.Delivery;
using MailCluster.Actors.Outbound;
using MailCluster.Actors.Queue;
using MailCluster.Actors.Sites;
using MailCluster.Protocol.Addressing;
using MailCluster.Spool;
using static MailCluster.Actors.Tests.Queue.MailForTests;

namespace MailCluster.Actors.Tests.Queue;

/// <content>What the queue talks to.</content>
internal sealed partial class QueueSimulation
{
    /// <summary>What ails a domain.</summary>
    private enum Trouble
    {
        None,
        NoHostAnswers,
        NameServersFail,
        DoesNotExist,
        RefusesForNow,
    }

    /// <summary>One entry, as the spool has it.</summary>
    private sealed class SimulatedEntry(int index, SimulatedDomain domain, int recipients, DateTimeOffset arrived)
    {
        public int Index => index;

        public SimulatedDomain Domain => domain;

        public DateTimeOffset Arrived { get; } = arrived;

        public RecipientStatus[] Statuses { get; } = new RecipientStatus[recipients];

        public int Attempts { get; set; }

        public DateTimeOffset NextAttempt { get; set; } = arrived;

        public int Notices { get; set; }

        public bool HasEnded => Statuses.All(s => s != RecipientStatus.Open);

        public Arrival ToArrival() => new(new(index), domain.Name, Statuses.Count(s => s == RecipientStatus.Open), 0, Arrived, Attempts, NextAttempt, Notices > 0, 1000);

        public SpooledDelivery Open() => MailForTests.Opened(Statuses.Length, domain: domain.Name,
            states: [.. Statuses.Select((s, i) => new RecipientOutcome(i, s, null)).Where(o => o.Status is RecipientStatus.Open or RecipientStatus.FailedReportOwed)]);
    }

    /// <summary>A domain in the world, and its delivery actor.</summary>
    private sealed class SimulatedDomain(QueueSimulation world, DomainName name, SiteKey site)
    {
        private readonly DeliveryState _state = new(name, Retry, 1_000_000, world._random);
        private readonly List<DeliveryEffect> _effects = [];
        private SiteKey _site = site;

        public bool GoesTo(SiteKey site) => _site == site;

        public DomainName Name => name;

        public Trouble Trouble { get; set; }

        public DeliveryJob? Probe { get; set; }

        private TimeSpan Now => world._now - Start + TimeSpan.FromDays(1);

        public void MoveSite(SiteKey to)
        {
            _site = to;
            Tell();
        }

        /// <summary>Word of a change in the name servers reaches the delivery actor.</summary>
        public void Tell()
        {
            _state.On(Resolved(), Now, _effects);
            CarryOut();
        }

        public void Take(DeliveryProtocol.Report report)
        {
            _state.On(report, Now, _effects);
            CarryOut();
        }

        public void Elapse()
        {
            _state.OnTick(Now, _effects);
            CarryOut();
        }

        private Resolution Resolved() => Trouble switch
        {
            Trouble.NameServersFail => new(new Route.Nowhere(DnsFails), TimeSpan.FromMinutes(1)),
            Trouble.DoesNotExist => new(new Route.Nowhere(NoDomain), TimeSpan.FromMinutes(2)),
            _ => new(To(_site), TimeSpan.FromMinutes(10)),
        };

        private void CarryOut()
        {
            for (var i = 0; i < _effects.Count; i++)
            {
                switch (_effects[i])
                {
                    case DeliveryEffect.Resolve:
                        world.Send($"dns {name}", Tell);
                        break;
                    case DeliveryEffect.Tell tell:
                        world.SendUnreliably($"decisions {name}", () => world.Do(q => q.Decide(tell.Decision, world._now, world._effects)));
                        break;
                }
            }
            _effects.Clear();
        }
    }

    /// <summary>A site's pool with its connections.</summary>
    private sealed class SimulatedPool(QueueSimulation world, SiteKey site)
    {
        public static readonly DeliveryOptions Options = new() { MaxReady = 8, ConnectionsPerSite = 3, MessagesPerConnection = 5 };

        private readonly SitePoolState _state = new(site, world._node, Options, world._numbers, new(), new(Options.Connections), new());
        private readonly SitePoolEffects _effects = new();
        private readonly Dictionary<int, SimulatedConnection> _connections = [];
        private bool _isDead;

        public SiteKey Site => site;

        private Moment Now => new(world._now - Start + TimeSpan.FromDays(1), world._now);

        public DateTimeOffset? NextEvent => _state.NextEvent(Now) is { } wait ? world._now + wait : null;

        public void Take(SitePoolProtocol.Ready ready)
        {
            Assert.False(_isDead && ready.Jobs.Count > 0 && !_wasCrashed, "jobs for a pool that has left");
            if (!_isDead)
            {
                Do(() => _state.On(ready, 0, Now, _effects));
            }
            else if (ready.Jobs.Count > 0)
            {
                // A crashed pool's mailbox: its successor's parent gives back what never arrived.
                world.Send("crashed", () => world.EndJobs([.. ready.Jobs.Select(j => new JobEnded(j, null, [], null))]));
            }
        }

        public void Take(SitePoolProtocol.IForPool message) => world.Send(this, () =>
        {
            if (_isDead)
            {
                // The parent keeps what comes for a pool that leaves, for the next one.
                world.Send("pools", () => world.PoolFor(message)?.Take(message));
                return;
            }
            switch (message)
            {
                case SitePoolProtocol.Waiting waiting: Do(() => _state.On(waiting, 0, Now, _effects)); break;
                case SitePoolProtocol.Recall recall: Do(() => _state.On(recall, Now, _effects)); break;
            }
        });

        public void Elapse() => Do(() => _state.Elapse(Now, _effects));

        private bool _wasCrashed;

        /// <summary>A bug ends the pool.</summary>
        public void Die()
        {
            _isDead = true;
            _wasCrashed = true;
            _state.End(Busy, _effects);
            Tell(_effects.Ended.Select(e => e.Job).ToList());
            world.Send("queue " + site, () => world.Do(q => q.PoolGone(site, world._now, world._effects)));
            _effects.Clear();
        }

        private void Tell(List<JobEnded> jobs)
        {
            world.Send("queue " + site, () => world.EndJobs(jobs));
        }

        private void Do(Action input)
        {
            if (_isDead)
            {
                return;
            }
            input();
            foreach (var (_, want) in _effects.Wants)
            {
                world.Send("queue " + site, () => world.Do(q => q.Want(want, this, world._now, world._effects)));
            }
            if (_effects.Ended.Count > 0)
            {
                Tell(_effects.Ended.Select(e => e.Job).ToList());
            }
            foreach (var (number, _) in _effects.Open)
            {
                Assert.True(_connections.Count < Options.ConnectionsPerSite, "more connections than leased");
                var connection = new SimulatedConnection(this, number);
                _connections.Add(number, connection);
                world.Send(connection, connection.Connect);
            }
            foreach (var (number, job) in _effects.Deliver)
            {
                _connections[number].Give(job);
            }
            foreach (var number in _effects.Close)
            {
                var connection = _connections[number];
                world.Send(connection, connection.Close);
            }
            foreach (var request in _effects.Requests)
            {
                world.SendUnreliably("site " + site, () => Answer(request));
            }
            _effects.Clear();
            if (_state.IsEmpty)
            {
                _isDead = true;
                world._pools.Remove(site);
            }
        }

        private void Answer(SiteProtocol.Request request)
        {
            var epoch = new Epoch(1, 1);
            if (request.Demand == 0)
            {
                return;
            }
            if (world._lossy && world._random.Next(4) == 0)
            {
                var held = new SiteProtocol.Held(site, request.Number, epoch, TimeSpan.FromSeconds(world._random.Next(1, 30)), (SiteProtocol.HeldReason)world._random.Next(3));
                world.SendUnreliably("leases " + site, () => Do(() => _state.On(held, Now, _effects)));
                return;
            }
            var granted = new SiteProtocol.Granted(site, request.Number, epoch, world._random.Next(1, Options.ConnectionsPerSite + 1), TimeSpan.FromSeconds(15));
            world.SendUnreliably("leases " + site, () => Do(() => _state.On(granted, Now, _effects)));
        }

        public void Check()
        {
            var held = _state.Ready + _state.Domains.Sum(d => d.Outstanding + d.Allowance);
            Assert.True(held <= Options.MaxReady, $"{held} jobs held or allowed");
        }

        /// <summary>One outbound connection: what it says goes through one way, in order.</summary>
        private sealed class SimulatedConnection(SimulatedPool pool, int number)
        {
            private QueueSimulation World => pool.World;

            public List<DeliveryJob> Jobs { get; } = [];

            private bool IsLeaving { get; set; }

            public void Connect()
            {
                if (IsLeaving)
                {
                    return;
                }
                if (pool.IsDown || World._lossy && World._random.Next(8) == 0)
                {
                    IsLeaving = true;
                    Say(() => pool._state.Closed(number, Down, pool.Now, pool._effects), last: true);
                    return;
                }
                Say(() => pool._state.Idle(number, SitePoolProtocol.OutboundState.Connected, pool.Now, pool._effects));
            }

            public void Give(DeliveryJob job)
            {
                World.Send(this, () =>
                {
                    if (!IsLeaving)
                    {
                        Jobs.Add(job);
                        World.Send(this, Work);
                    }
                });
            }

            private void Work()
            {
                if (IsLeaving || Jobs.Count == 0)
                {
                    return;
                }
                var job = Jobs[0];
                var domain = World._domains.Single(d => d.Name == job.Domain);
                if (World._lossy && World._random.Next(12) == 0)
                {
                    IsLeaving = true;       // the connection breaks; what is unanswered is the pool's to give back
                    Jobs.Clear();
                    Say(() => pool._state.Closed(number, World._random.Next(2) == 0 ? Down : null, pool.Now, pool._effects), last: true);
                    return;
                }
                Jobs.RemoveAt(0);
                var ended = domain.Trouble == Trouble.NoHostAnswers ? new JobEnded(job, null, [], Down) : Attempt(job, domain);
                Say(() => pool._state.AttemptEnded(number, ended, pool.Now, pool._effects));
                Say(() => pool._state.Idle(number, SitePoolProtocol.OutboundState.Served, pool.Now, pool._effects));
            }

            private JobEnded Attempt(DeliveryJob job, SimulatedDomain domain)
            {
                var delivery = World._entries[job.Entry.Index].Open();
                var outcomes = new List<AttemptOutcome>();
                foreach (var recipient in delivery.Recipients.Where(r => r.Status == RecipientStatus.Open))
                {
                    switch (World._lossy ? World._random.Next(10) : domain.Trouble == Trouble.None ? 9 : 0)
                    {
                        case 0: outcomes.Add(Refused(recipient.Recipient, Busy)); break;
                        case 1: outcomes.Add(Refused(recipient.Recipient, Unknown)); break;
                        case 2: break;
                        default: outcomes.Add(domain.Trouble == Trouble.RefusesForNow ? Refused(recipient.Recipient, Busy) : Accepted(recipient.Recipient)); break;
                    }
                }
                return new(job, delivery, outcomes, World._random.Next(3) == 0 && World._lossy ? Down : null);
            }

            public void Close()
            {
                if (IsLeaving)
                {
                    return;
                }
                IsLeaving = true;
                foreach (var job in Jobs)
                {
                    Say(() => pool._state.AttemptEnded(number, new(job, null, [], null), pool.Now, pool._effects));
                }
                Jobs.Clear();
                Say(() => pool._state.Closed(number, null, pool.Now, pool._effects), last: true);
            }

            private void Say(Action word, bool last = false) => World.Send(pool, () =>
            {
                if (last)
                {
                    pool._connections.Remove(number);
                }
                pool.Do(word);
            });
        }

        private QueueSimulation World => world;

        /// <summary>A site is down while one of its domains finds no host: they are the same hosts.</summary>
        private bool IsDown => world._domains.Any(d => d.Trouble == Trouble.NoHostAnswers && d.GoesTo(site));
    }
}
