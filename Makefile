# Two commands are all a newcomer needs: `make run` and `make test`.

.DEFAULT_GOAL := help
.PHONY: help run test build setup clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Start a cluster with sample photos here (BASE_PORT=8000, DATA=data/cluster); Ctrl-C ends it
	@BASE_PORT='$(BASE_PORT)' DATA='$(DATA)' scripts/run

test: ## Set up what the tests need and run all of them (ARGS='--filter NAME' for some)
	@scripts/test $(ARGS)

build: setup ## Build everything in release mode
	@swift build -c release

setup: ## Install missing system packages
	@scripts/setup

clean: ## Remove what was built; downloads and clusters' data stay
	rm -rf .build .build-tests
