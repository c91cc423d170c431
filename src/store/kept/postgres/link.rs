//! Doing steps and looks on the server.
//!
//! Connections are driven by threads of their own: a step waits for its answers in a thread that nothing else needs.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use deadpool_postgres::{Client, Pool, PoolError};
use tokio::runtime::{Handle, Runtime};
use tokio::task::JoinHandle;
use tokio_postgres::Config;

use super::fault::ServerFault;
use super::hearing::Hearing;
use super::keep::StepName;
use super::schema::{self, SchemaState};
use super::statements;
use super::together::Gathering;
use super::view::View;
use super::workers::Enrolled;
use super::{connect, keep, whole};
use crate::clock::{Clock as _, SystemClock};
use crate::domain::id::InstallationId;
use crate::settings::{DatabaseUrl, StoreRules};
use crate::store::boundary::Opened;
use crate::store::error::StoreError;
use crate::store::kept::trees::{Opening, Trees};
use crate::store::kept::writes::{self, Writes};

/// A step that others come before so often is told so.
const MAX_TRIES: u32 = 40;

/// A step that others came before so often has this process to itself for its next try.
const PATIENT_TRIES: u32 = 3;

/// A pause between two tries is at most so long.
const MAX_PAUSE: Duration = Duration::from_millis(400);

/// So long the server is asked what became of a step whose end was not heard.
const FATE_WITHIN: Duration = Duration::from_secs(60);

/// So long a connection is tried to be made again: a server that was restarted is back within seconds.
const PATIENCE: Duration = Duration::from_secs(15);

/// A clock that is further from the server's than that would end others' leases early.
const MAX_SKEW_MS: u64 = 30_000;

/// So long the server is given, when a store is closed, to end its session.
const GONE_WITHIN: Duration = Duration::from_secs(2);

/// It is asked this often.
const GONE_ASKED_EVERY: Duration = Duration::from_millis(5);

/// The next try to connect is made after this.
const AGAIN: Duration = Duration::from_millis(250);

/// What is no step is asked again so often.
const MAX_ASKED: usize = 5;

/// The oldest server that is known to do.
const MIN_VERSION: i32 = 150_000;

/// Ways to the server, and what is known of this opening.
#[derive(Debug)]
pub(super) struct ServerLink {
    background: Background,
    pool: Pool,
    place: String,
    opening: Arc<Opening>,
    is_closed: AtomicBool,
    last_durable: Mutex<Instant>,
    /// Held together by those who try; alone by one that others came before too often.
    turn: RwLock<()>,
    /// Holds the opening at the server, see [`Trees::may_be_alive`]; keeps claims up and hears of others.
    pub(super) presence: Mutex<Vec<JoinHandle<()>>>,
    pub(super) config: Config,
    pub(super) hearing: Arc<Hearing>,
    /// Steps that are kept together.
    pub(super) gathering: Gathering,
    /// What this process is to the others, where it is a daemon.
    enrolled: Mutex<Option<Enrolled>>,
    /// Where steps that are under way are noted.
    places: StepPlaces,
}

/// Places in which steps are noted, each by one that is under way; see [`StepName`].
#[derive(Debug, Default)]
struct StepPlaces(Mutex<BTreeSet<i32>>);

/// The place of a step, until its end is known.
struct StepPlace<'a> {
    places: &'a StepPlaces,
    name: StepName,
}

impl StepPlaces {
    fn taken(&self) -> MutexGuard<'_, BTreeSet<i32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the first that is free, for a step of an opening.
    fn take(&self, opening: u64) -> StepPlace<'_> {
        let mut taken = self.taken();
        let place = (0..=i32::MAX).find(|place| !taken.contains(place)).unwrap_or_default();
        taken.insert(place);
        let name = StepName { opening: opening.cast_signed(), place, step: rand::random() };
        StepPlace { places: self, name }
    }
}

impl Drop for StepPlace<'_> {
    fn drop(&mut self) {
        self.places.taken().remove(&self.name.place);
    }
}

/// Threads that drive connections. They may be let go of anywhere.
#[derive(Debug)]
struct Background(Option<Runtime>);

impl Background {
    fn start() -> std::io::Result<Self> {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder
            .worker_threads(1)
            .thread_name("store-postgres")
            .enable_all()
            .build()
            .map(|runtime| Self(Some(runtime)))
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Held while a step is tried.
pub(super) enum Turn<'a> {
    Shared { _guard: RwLockReadGuard<'a, ()> },
    Alone { _guard: RwLockWriteGuard<'a, ()> },
}

/// How a try ended.
pub(super) enum AttemptResult<R> {
    Done(Result<R, StoreError>),
    Anew(ServerFault),
}

impl ServerLink {
    /// Opens the database, whose tables must be this program's; makes them where there are none and none need be.
    pub(super) fn open(
        url: &DatabaseUrl,
        rules: &StoreRules,
    ) -> Result<(Arc<Self>, InstallationId, Opened), StoreError> {
        let link = Self::of(url)?;
        let is_new = link.wait(link.admit(rules.required))?;
        link.wait(link.hold_opening())?;
        let link = Arc::new(link);
        let horizon = link.aside(|link| link.look(Trees::horizon))?;
        link.keep_hearing(horizon, rules.listens);
        let installation = InstallationId::of(&link.aside(|link| link.step(&mut whole::installation))?);
        Ok((link, installation, if is_new { Opened::New } else { Opened::Known }))
    }

    /// A way to a database that is there, only to look at it.
    pub(super) fn to_look(url: &DatabaseUrl) -> Result<Self, StoreError> {
        let link = Self::of(url)?;
        link.wait(link.admit(true))?;
        Ok(link)
    }

    /// Makes what is missing of the tables.
    pub(super) fn migrate(url: &DatabaseUrl) -> Result<Vec<&'static str>, StoreError> {
        let link = Self::of(url)?;
        link.wait(async {
            let mut client = link.pool.get().await.map_err(|error| link.cannot_open(&of_pool(error)))?;
            match schema::standing(&client).await.map_err(|fault| link.cannot_open(&fault))? {
                SchemaState::Newer { .. } | SchemaState::Foreign { .. } => {
                    link.admit(false).await.map(|_| Vec::new())
                }
                _ => Ok(schema::migrate(&mut client).await?),
            }
        })
    }

    fn of(url: &DatabaseUrl) -> Result<Self, StoreError> {
        let place = url.shown();
        let cannot = |reason: String| StoreError::Open { path: place.clone(), reason };
        let config = connect::config(url.expose()).map_err(cannot)?;
        let pool = connect::tls().and_then(|tls| connect::pool(&config, tls)).map_err(cannot)?;
        Ok(Self {
            background: Background::start().map_err(|error| cannot(error.to_string()))?,
            pool,
            place: place.clone(),
            opening: Arc::new(Opening::new()),
            is_closed: AtomicBool::new(false),
            last_durable: Mutex::new(Instant::now()),
            turn: RwLock::default(),
            presence: Mutex::default(),
            config,
            hearing: Arc::default(),
            gathering: Gathering::default(),
            enrolled: Mutex::default(),
            places: StepPlaces::default(),
        })
    }

    /// Whether the server and its tables are as they must be; tells whether the tables were made just now.
    async fn admit(&self, is_required: bool) -> Result<bool, StoreError> {
        let cannot = |fault: ServerFault| self.cannot_open(&fault);
        let mut client = self.pool.get().await.map_err(|error| cannot(of_pool(error)))?;
        let row = client.query_one(statements::STANDING, &[]).await;
        let row = row.map_err(|error| cannot(ServerFault::of(&error)))?;
        let version: i32 = row.get(4);
        if version < MIN_VERSION {
            let reason = format!("its server has version {}, expected 15 or later", version / 10_000);
            return Err(cannot(ServerFault::other(reason)));
        }
        for (column, name) in ["fsync", "full_page_writes", "synchronous_commit"].into_iter().enumerate() {
            if row.get::<_, &str>(column) == "off" {
                tracing::warn!(
                    store.path = self.place,
                    "{name} is off at the server: a power cut would lose what the store has acknowledged"
                );
            }
        }
        self.compare_clocks(row.get(3))?;
        match schema::standing(&client).await.map_err(cannot)? {
            SchemaState::Current => Ok(false),
            SchemaState::Empty if is_required => Err(StoreError::NoneYet { path: self.place.clone() }),
            SchemaState::Empty => {
                schema::migrate(&mut client).await.map_err(cannot)?;
                Ok(true)
            }
            SchemaState::Behind(missing) => Err(self.wrong_schema(format!(
                "{missing} migrations are missing; run `regwatch store migrate`, with no older regwatch at work on it"
            ))),
            SchemaState::Newer { number, name } => Err(self.wrong_schema(format!(
                "migration {number} ({name}) is of a later version; use a newer regwatch"
            ))),
            SchemaState::Foreign { number, name } => Err(self.wrong_schema(format!(
                "migration {number} ({name}) is not the one of this program; the tables were changed, or are not regwatch's"
            ))),
        }
    }

    fn wrong_schema(&self, reason: String) -> StoreError {
        StoreError::Schema { path: self.place.clone(), reason }
    }

    fn cannot_open(&self, fault: &ServerFault) -> StoreError {
        StoreError::Open { path: self.place.clone(), reason: fault.reason.clone() }
    }

    /// Leases end by time: whoever has another would take others' mails.
    pub(super) fn compare_clocks(&self, server_ms: i64) -> Result<(), StoreError> {
        let skew = SystemClock.now().timestamp_millis().abs_diff(server_ms);
        if skew <= MAX_SKEW_MS {
            return Ok(());
        }
        let seconds = skew / 1000;
        let reason =
            format!("this machine's clock and the server's are {seconds} seconds apart; set them right");
        Err(StoreError::Open { path: self.place.clone(), reason })
    }

    pub(super) fn opening(&self) -> &Arc<Opening> {
        &self.opening
    }

    pub(super) fn enrolled(&self) -> MutexGuard<'_, Option<Enrolled>> {
        self.enrolled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn place(&self) -> &str {
        &self.place
    }

    pub(super) fn last_durable(&self) -> Duration {
        self.last_durable.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    pub(super) fn handle(&self) -> Handle {
        // It is there until this is dropped.
        self.background.0.as_ref().map_or_else(Handle::current, |runtime| runtime.handle().clone())
    }

    /// Waits for a connection's work, wherever this is called.
    fn wait<R: Send>(&self, work: impl Future<Output = R> + Send) -> R {
        self.aside(|link| link.handle().block_on(work))
    }

    /// Does work that waits in a thread of its own: the caller's may be one that must not.
    pub(super) fn aside<R: Send>(&self, work: impl FnOnce(&Self) -> R + Send) -> R {
        std::thread::scope(|scope| match scope.spawn(|| work(self)).join() {
            Ok(answer) => answer,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    }

    /// Does work that waits.
    pub(super) async fn blocking<R: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        self.handle().spawn_blocking(work).await.unwrap_or(Err(StoreError::Closed))
    }

    pub(super) fn spawn_blocking(&self, work: impl FnOnce() + Send + 'static) {
        drop(self.handle().spawn_blocking(work));
    }

    /// A connection.
    pub(super) fn client(&self) -> Result<Client, StoreError> {
        if self.is_closed.load(Ordering::SeqCst) {
            return Err(StoreError::Closed);
        }
        let end = Instant::now() + PATIENCE;
        loop {
            let fault = match self.handle().block_on(self.pool.get()) {
                Ok(client) => return Ok(client),
                Err(PoolError::Closed) => return Err(StoreError::Closed),
                Err(error) => of_pool(error),
            };
            if !fault.is_passing() || Instant::now() > end || self.is_closed.load(Ordering::SeqCst) {
                return Err(fault.into());
            }
            std::thread::park_timeout(AGAIN);
        }
    }

    /// A connection, or why there is none just now.
    pub(super) async fn client_now(&self) -> Result<Client, ServerFault> {
        self.pool.get().await.map_err(of_pool)
    }

    /// Asks the server something that may be asked twice, again where the connection was cut.
    pub(super) fn ask<R, F: Future<Output = Result<R, ServerFault>>>(
        &self,
        question: &impl Fn(Client) -> F,
    ) -> Result<R, StoreError> {
        let mut last = ServerFault::other("it was never asked".to_owned());
        for _ in 0..MAX_ASKED {
            match self.block_on(question(self.client()?)) {
                Ok(answer) => return Ok(answer),
                Err(fault) if fault.is_passing() => last = fault,
                Err(fault) => return Err(fault.into()),
            }
        }
        Err(last.into())
    }

    /// Has a future of a connection come to its end.
    pub(super) fn block_on<R>(&self, work: impl Future<Output = R>) -> R {
        self.handle().block_on(work)
    }

    /// Looks something up.
    pub(super) fn look<R>(
        &self,
        look: impl FnOnce(&Trees) -> Result<R, StoreError>,
    ) -> Result<R, StoreError> {
        let view = View::new(self.handle(), self.client()?, statements::BEGIN_LOOK);
        let trees = Trees::of_view(view, Arc::clone(&self.opening));
        let answer = catch_unwind(AssertUnwindSafe(|| look(&trees)));
        if let Some(view) = trees.into_view() {
            let (client, is_begun, _) = view.end();
            if is_begun {
                // Nobody waits for the end of a look.
                drop(self.handle().spawn(async move { client.batch_execute(statements::ROLLBACK).await }));
            }
        }
        answer.unwrap_or(Err(StoreError::Closed))
    }

    /// Does a step, anew where another came before it.
    pub(super) fn step<R>(
        &self,
        step: &mut impl FnMut(&Trees, &mut Writes) -> Result<R, StoreError>,
    ) -> Result<R, StoreError> {
        let mut last = ServerFault::other("it was never tried".to_owned());
        for tries in 0..MAX_TRIES {
            let tried = {
                let _turn = self.turn(tries);
                self.attempt(step)
            };
            match tried {
                AttemptResult::Done(answer) => return answer,
                AttemptResult::Anew(fault) => {
                    tracing::debug!(tries, reason = fault.reason, "another step came before, trying again");
                    last = fault;
                }
            }
            let most = MAX_PAUSE.min(Duration::from_millis(2_u64.saturating_pow(tries.min(9))));
            std::thread::park_timeout(most.mul_f64(rand::random::<f64>()));
        }
        Err(last.into())
    }

    pub(super) fn turn(&self, tries: u32) -> Turn<'_> {
        if tries <= PATIENT_TRIES {
            Turn::Shared { _guard: self.turn.read().unwrap_or_else(PoisonError::into_inner) }
        } else {
            Turn::Alone { _guard: self.turn.write().unwrap_or_else(PoisonError::into_inner) }
        }
    }

    /// Tries a step once.
    pub(super) fn attempt<R>(
        &self,
        step: &mut impl FnMut(&Trees, &mut Writes) -> Result<R, StoreError>,
    ) -> AttemptResult<R> {
        let client = match self.client() {
            Ok(client) => client,
            Err(error) => return AttemptResult::Done(Err(error)),
        };
        let view = View::new(self.handle(), client, statements::BEGIN_STEP);
        let trees = Trees::of_view(view, Arc::clone(&self.opening));
        let place = self.places.take(self.opening.number());
        let mut writes = Writes::default();
        let answer = catch_unwind(AssertUnwindSafe(|| step(&trees, &mut writes)));
        let Some(view) = trees.into_view() else { return AttemptResult::Done(Err(StoreError::Closed)) };
        let (client, is_begun, fault) = view.end();
        let kept = match (answer, fault) {
            (Ok(Ok(answer)), None) => {
                match self.block_on(keep::keep(&client, is_begun, &writes, place.name)) {
                    Ok(kept) => Ok((answer, kept)),
                    Err(fault) => Err((fault.clone().into(), Some(fault))),
                }
            }
            (Ok(Ok(_)), Some(fault)) => Err((fault.clone().into(), Some(fault))),
            (Ok(Err(error)), fault) => Err((error, fault)),
            // A panic ends the step, not the store; its waiter hears that the store let go of it.
            (Err(_), _) => Err((StoreError::Closed, None)),
        };
        match kept {
            Ok((answer, keep::KeepResult::Nothing)) => AttemptResult::Done(Ok(answer)),
            Ok((answer, keep::KeepResult::Committed)) => self.committed(&writes, answer),
            Ok((answer, keep::KeepResult::Unheard { transaction, fault })) => {
                drop(client);
                match self.was_kept(place.name, &transaction) {
                    Ok(true) => self.committed(&writes, answer),
                    Ok(false) => AttemptResult::Anew(fault),
                    Err(error) => AttemptResult::Done(Err(error)),
                }
            }
            Err((error, fault)) => {
                if is_begun {
                    let _ = self.block_on(client.batch_execute(statements::ROLLBACK));
                }
                match fault {
                    Some(fault) if fault.is_passing() => AttemptResult::Anew(fault),
                    _ => AttemptResult::Done(Err(error)),
                }
            }
        }
    }

    fn committed<R>(&self, writes: &Writes, answer: R) -> AttemptResult<R> {
        *self.last_durable.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        let words = writes.last_words();
        self.hearing.note(&words);
        if self.opening.bell.is_heard() {
            for source in writes::scheduled(&words) {
                self.opening.bell.ring(source);
            }
        }
        AttemptResult::Done(Ok(answer))
    }

    /// Whether a step was kept whose end was not heard because the connection was lost.
    fn was_kept(&self, step: StepName, transaction: &str) -> Result<bool, StoreError> {
        let end = Instant::now() + FATE_WITHIN;
        loop {
            // In this order: a transaction that has ended when it is asked about changes nothing after that.
            let asked = self.ask(&|client| async move {
                let of = |error: tokio_postgres::Error| ServerFault::of(&error);
                let row = client.query_one(statements::IS_UNDER_WAY, &[&transaction]).await.map_err(of)?;
                if row.get(0) {
                    return Ok(None);
                }
                let StepName { opening, place, step } = step;
                let row = client.query_one(statements::IS_KEPT, &[&opening, &place, &step]).await;
                Ok(Some(row.map_err(of)?.get(0)))
            });
            match asked {
                Ok(Some(was_kept)) => return Ok(was_kept),
                Err(StoreError::Closed) => return Err(StoreError::Closed),
                Err(error) if Instant::now() > end => return Err(error),
                // The server may not have noticed yet that nobody is there.
                Ok(None) | Err(_) => {}
            }
            if Instant::now() > end {
                let reason =
                    "the connection was lost while a step was kept, and its end is not known".to_owned();
                return Err(StoreError::Engine { reason, is_unreadable: false });
            }
            std::thread::park_timeout(Duration::from_millis(100));
        }
    }

    /// Takes nothing more, once what is under way has ended, and waits until others see that this opening is gone.
    pub(super) fn close(&self) {
        self.wait(self.opening.claims.until_all_left());
        self.is_closed.store(true, Ordering::SeqCst);
        drop(self.turn.write().unwrap_or_else(PoisonError::into_inner));
        self.wait(async {
            let _ = tokio::time::timeout(GONE_WITHIN, self.say_goodbye()).await;
        });
        self.leave();
        self.wait(async {
            let _ = tokio::time::timeout(GONE_WITHIN, self.is_gone()).await;
        });
        self.pool.close();
    }

    /// A server ends a session a moment after its connection has ended.
    async fn is_gone(&self) {
        let Ok(client) = self.pool.get().await else { return };
        let number = self.opening.number().cast_signed();
        let is_held = async || match client.query_one(statements::IS_GONE, &[&number]).await {
            Ok(row) => !row.get::<_, bool>(0),
            // Where the server cannot be asked, nothing is held by us for long.
            Err(_) => false,
        };
        while is_held().await {
            tokio::time::sleep(GONE_ASKED_EVERY).await;
        }
    }
}

impl Drop for ServerLink {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Why there is no connection.
fn of_pool(error: PoolError) -> ServerFault {
    match error {
        PoolError::Backend(error)
        | PoolError::PostCreateHook(deadpool_postgres::HookError::Backend(error)) => ServerFault::of(&error),
        PoolError::Timeout(_) => {
            ServerFault::other("no connection was free, or could be made, in time".to_owned())
        }
        error => ServerFault::other(error.to_string()),
    }
}
