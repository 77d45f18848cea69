# Two commands are all a newcomer needs: `make run` and `make test`.

.DEFAULT_GOAL := help
.PHONY: help run test simulate crash partition cache-proof fuzz build setup clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Start a cluster with sample photos here (BASE_PORT=8000, DATA=data/cluster); Ctrl-C ends it
	@BASE_PORT='$(BASE_PORT)' DATA='$(DATA)' scripts/run

test: ## Set up what the tests need and run all of them (ARGS='--filter NAME' for some)
	@scripts/test $(ARGS)

simulate: setup ## Prove the promise over histories that seeds decide (SEEDS=n FIRST=n); VIGNETTE_SEED=n prints one
	@swift build -c release --product vignette-simulate
	@"$$(swift build -c release --show-bin-path)/vignette-simulate" --seeds $(or $(SEEDS),100000) \
		$(if $(FIRST),--first $(FIRST)) --json loadtest/results/simulation.json

crash: ## Prove the promise over 1,000 kill -9 under load (CYCLES=n SECONDS_AT_MOST=n SEED=n)
	@CYCLES='$(CYCLES)' SECONDS_AT_MOST='$(SECONDS_AT_MOST)' SEED='$(SEED)' scripts/prove crash

partition: ## Prove it over cuts, pauses and wrong clocks (EPISODES=n SECONDS_AT_MOST=n SEED=n)
	@EPISODES='$(EPISODES)' SECONDS_AT_MOST='$(SECONDS_AT_MOST)' SEED='$(SEED)' scripts/prove partition

cache-proof: ## Prove the disk cache at length: 1,000 kills, 100,000 power cuts, 1,000,000 operations (VIGNETTE_SEED=n repeats)
	@VIGNETTE_CACHE_KILLS=1000 VIGNETTE_CRASH_STATES=100000 VIGNETTE_MODEL_OPERATIONS=1000000 \
		scripts/test --filter 'ObjectCacheTests\.(ModelTests|CrashTests|ProcessFaultTests)'

fuzz: ## Fuzz what reads requests' heads (SECONDS_AT_MOST=n)
	@SECONDS_AT_MOST='$(SECONDS_AT_MOST)' scripts/fuzz

build: setup ## Build everything in release mode
	@swift build -c release

setup: ## Install missing system packages
	@scripts/setup

clean: ## Remove what was built; downloads and clusters' data stay
	rm -rf .build .build-tests .build-fuzz
